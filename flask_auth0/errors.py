"""The errors, each with its HTTP status and a sentence for the user.

::

    HTTPException
    └── Auth0Error
        ├── ConfigurationError      the app's settings are wrong or missing
        ├── LoginRequired           nobody is logged in
        │   └── MfaRequired             one more factor is needed
        ├── ChallengeFailed         a code, or another factor, was not accepted
        │   └── WrongCode               the code is wrong or too old
        ├── NotAllowed              a user lacks what is asked for
        │   └── InsufficientScope       an access token lacks it
        ├── TokenRequired           a request has no access token
        │   └── InvalidToken            its access token is not good
        ├── AccountUnchanged        no account was connected, linked or unlinked
        ├── LoginFailed             a login cannot go on
        │   ├── AuthorizationFailed     the tenant said no
        │   ├── LoginLoop               logins do not last, again and again
    │   │   └── LoginInVain             they last, but are not enough for a page
        │   └── SessionTooLarge         a session does not fit into cookies
        │       └── ResponseTooLarge        a proxy would not take the cookies
        ├── MyAccountRefused        a change of a user's account is not possible
        ├── SessionStoreUnavailable the back end of sessions is down or slow
        ├── TenantUnavailable       the tenant is down or slow
        └── TenantError             the tenant's answer makes no sense
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from flask import current_app, has_request_context, jsonify, render_template, request
from jinja2 import TemplateNotFound
from werkzeug.exceptions import (
    BadGateway,
    BadRequest,
    Forbidden,
    HTTPException,
    Unauthorized,
)
from werkzeug.wrappers import Response

from .config.problems import Problem
from .negotiation import is_htmx, is_navigation
from .www_authenticate import BEARER, challenges

#: The ``acr_values`` for a login with more than one factor (OpenID Provider
#: Authentication Policy Extension 1.0, section 4).
MULTI_FACTOR = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"


class Action(t.NamedTuple):
    """A way on that an error page offers."""

    label: str
    url: str


class Auth0Error(HTTPException):
    """The base class of the errors of this extension.

    It answers a browser with a page and everything else with JSON. Register an error
    handler for it, or for one of its subclasses, to answer in another way.
    """

    #: The HTTP status. Flask registers an error handler under the code of its class,
    #: and looks it up under the code of the error's class and under ``None``. For
    #: handlers of a base class to be found, the base has no code, and the classes below
    #: :class:`LoginFailed` share theirs; an object may have its own.
    code: int | None = None
    #: A code for programs: that of OAuth where there is one.
    error: str = "server_error"
    #: A few words for the user.
    title: str = "Something went wrong"
    #: A sentence for the user.
    description: str = "The login could not be completed."
    #: Seconds after which a client may try again.
    retry_after: int | None = None
    #: The values of ``WWW-Authenticate``, for clients with access tokens.
    challenges: Sequence[str] = ()

    def __init__(
        self,
        description: str | None = None,
        *,
        code: int | None = None,
        error: str | None = None,
        remedy: str | None = None,
        actions: Sequence[Action] = (),
    ) -> None:
        super().__init__(description or self.description)
        self.code = code or self.code or 500
        self.error = error or self.error
        #: A sentence for the developer, shown in debug mode only.
        self.remedy = remedy
        if actions:
            self.actions = list(actions)

    @cached_property
    def actions(self) -> list[Action]:
        """The ways on for the user, the best one first."""
        return [Action("Log in", self.login_url)] if self.login_url else []

    @cached_property
    def login_url(self) -> str | None:
        """The URL to log in at and come back from, if that can help."""
        return None

    @property
    def data(self) -> dict[str, t.Any]:
        """The answer of Flask-RESTX and Flask-RESTful, as :meth:`to_dict` has it."""
        return self.to_dict()

    def get_response(self, environ: t.Any = None, scope: t.Any = None) -> Response:
        """Return a page for a browser that navigates, and JSON for anything else."""
        if not has_request_context():
            return t.cast(Response, super().get_response(environ, scope))
        try:
            page = is_navigation(request)
            response = self._page() if page else jsonify(self.to_dict())
        except TemplateNotFound:
            # The app may not be set up, so that it lacks our templates.
            return t.cast(Response, super().get_response(environ, scope))
        response.status_code = self.code or 500
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(["Accept", "Sec-Fetch-Mode", "X-Requested-With"])
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        for each in self.challenges:
            response.headers.add("WWW-Authenticate", each)
        return response

    def to_dict(self) -> dict[str, t.Any]:
        """Return the members of a JSON answer, as in RFC 6749, section 5.2."""
        told = {"error": self.error, "error_description": self.description}
        return {**told, "login_url": self.login_url} if self.login_url else told

    def _page(self) -> Response:
        page = render_template(
            "flask_auth0/error.html",
            error=self,
            actions=self.actions,
            remedy=self.remedy if current_app.debug else None,
        )
        return current_app.make_response(page)


class ConfigurationError(Auth0Error):
    """The settings of an app are wrong or missing; it names all of them at once.

    Where it answers a request, outside debug mode, only the log has their names.
    """

    code: int | None = 500
    error = "configuration_error"
    title = "This app is not set up"

    def __init__(self, *problems: Problem | str) -> None:
        #: Each wrong or missing setting, with its remedy.
        self.problems = problems
        super().__init__()

    @property
    def description(self) -> str:
        """The problems in debug mode; visitors are told to turn to the operator."""
        if has_request_context() and not current_app.debug:
            return "Whoever runs this app finds the reason in its log."
        return str(self)

    @description.setter
    def description(self, description: str) -> None:
        """Ignore a text: the problems are the description."""

    def get_response(self, environ: t.Any = None, scope: t.Any = None) -> Response:
        """Return the response of the base class, and log the problems."""
        if has_request_context():
            current_app.logger.error("%s", self)
        return super().get_response(environ, scope)

    def __str__(self) -> str:
        lines = [
            each if isinstance(each, str) else f"{each.key} {each.remedy}"
            for each in self.problems
        ]
        many = "\n  - ".join(["The settings for Auth0 are not right:", *lines])
        return lines[0] if len(lines) == 1 else many


class LoginRequired(Auth0Error, Unauthorized):
    """No user is logged in, or not in the way that is asked for.

    Raise it in a view to ask for a login: a browser gets a page with a button that
    leads to the login and back, a program gets JSON with a ``login_url``.
    """

    code: int = 401
    error = "login_required"
    title = "Please log in"
    description = "You need to log in to see this."

    #: The parameters that the login needs.
    parameters: t.ClassVar[Mapping[str, t.Any]] = MappingProxyType({})

    @cached_property
    def login_url(self) -> str | None:
        """The URL to log in at and come back from, for the current page if not set."""
        # The error finds the login itself, so that a view can raise it without a URL.
        state = _state()
        return state.login_url_here(self.parameters) if state else None

    def get_response(self, environ: t.Any = None, scope: t.Any = None) -> Response:
        """Return the response of the base class; htmx is told to go to the login."""
        response = super().get_response(environ, scope)
        if has_request_context() and self.login_url and is_htmx(request):
            response.headers["HX-Redirect"] = self.login_url
        return response

    def to_dict(self) -> dict[str, t.Any]:
        return {**super().to_dict(), "login_url": self.login_url}


class MfaRequired(LoginRequired):
    """The tenant wants one more factor before it gives access."""

    error = "mfa_required"
    title = "Please confirm that it is you"
    description = "This needs one more factor than you logged in with."
    parameters: t.ClassVar[Mapping[str, str]] = MappingProxyType(
        {"acr_values": MULTI_FACTOR}
    )

    #: The token for the SDK's ``client.mfa``, to ask for the factor without a login. It
    #: is sealed, and JSON has it, so that a script can hand it back.
    mfa_token: str | None = None
    #: The factors that the user can be asked for, under ``challenge``, or has to enroll
    #: in first, under ``enroll``: each a mapping with its ``type``.
    mfa_requirements: Mapping[str, t.Any] | None = None

    def to_dict(self) -> dict[str, t.Any]:
        told = {
            "mfa_token": self.mfa_token,
            "mfa_requirements": self.mfa_requirements,
        }
        known = {name: value for name, value in told.items() if value}
        return {**super().to_dict(), **known}


class ChallengeFailed(Auth0Error, BadRequest):
    """A one-time code, or another factor that the app asked for, was not accepted.

    ``error`` says why, in the tenant's words: ``mfa_token_expired``, for example, or
    ``too_many_requests``, with status 429.
    """

    code: int = 400
    error = "challenge_failed"
    title = "That did not work"
    description = "It could not be confirmed that it is you."


class WrongCode(ChallengeFailed):
    """A one-time code is wrong, or too old. The user may try again."""

    error = "invalid_grant"
    title = "The code is wrong"
    description = "The code is wrong, or too old. Please try again."


class NotAllowed(Auth0Error, Forbidden):
    """Somebody is logged in, but lacks what a view asks for.

    Raise it in a view, or in a ``check``, that knows better than its guard. Only
    another account can help, so that no login is started.
    """

    code: int = 403
    error = "not_allowed"
    title = "You may not see this"
    description = "Your account lacks what this needs."

    def __init__(
        self,
        description: str | None = None,
        *,
        missing: Mapping[str, Sequence[t.Any]] = MappingProxyType({}),
        **options: t.Any,
    ) -> None:
        super().__init__(description, **options)
        #: The names that lack, under ``roles``, ``permissions``, ``scopes``,
        #: ``claims``, ``organization``, ``acr_values`` and ``amr``. Names of which one
        #: is enough are in a mapping, under ``any_of``.
        self.missing: Mapping[str, Sequence[t.Any]] = missing

    @cached_property
    def actions(self) -> list[Action]:
        """The ways on for the user: to another account, and to the start page."""
        # The error finds them itself, so that a view can raise it without any.
        state = _state()
        return state.ways_to_another_account() if state else []

    @cached_property
    def login_url(self) -> str | None:
        """The URL to log in at to another account."""
        state = _state()
        return state.login_url_here({"prompt": "login"}) if state else None

    def to_dict(self) -> dict[str, t.Any]:
        told = super().to_dict()
        return {**told, "missing": self.missing} if self.missing else told


class InsufficientScope(NotAllowed):
    """The access token of a request lacks what a view asks for (RFC 6750, section 3.1).

    Raise it in a view that asks for more than its guard does.
    """

    error = "insufficient_scope"
    description = "The access token lacks what this needs."

    def __init__(
        self,
        description: str | None = None,
        *,
        scope: str = "",
        scheme: str = BEARER,
        **options: t.Any,
    ) -> None:
        super().__init__(description, **options)
        #: The scopes that a token needs for this, with spaces between.
        self.scope: str = scope
        #: How the token was sent: ``Bearer`` or ``DPoP``.
        self.scheme: str = scheme

    @property
    def challenges(self) -> list[str]:  # type: ignore[override]
        """The values of ``WWW-Authenticate``."""
        told = {"error": self.error, "error_description": self.description}
        scope = {"scope": self.scope} if self.scope else {}
        return challenges(self.scheme, **told, **scope)


class TokenRequired(Auth0Error, Unauthorized):
    """A request has no access token, and needs one."""

    code: int = 401
    error = "token_required"
    title = "An access token is needed"
    description = "This needs an access token, in the Authorization header."

    #: How the token was sent: ``Bearer`` or ``DPoP``.
    scheme: str = BEARER

    @property
    def challenges(self) -> list[str]:  # type: ignore[override]
        """The values of ``WWW-Authenticate``."""
        return challenges(self.scheme)


class InvalidToken(TokenRequired):
    """The access token of a request is not good (RFC 6750, section 3.1).

    ``code`` is 400 and ``error`` is ``invalid_request`` where it is not clear which
    token counts.
    """

    error = "invalid_token"
    title = "The access token is not good"
    description = "The access token is not good here."

    #: More parameters of the challenge.
    parameters: Mapping[str, str] = MappingProxyType({})

    @property
    def challenges(self) -> list[str]:  # type: ignore[override]
        """The values of ``WWW-Authenticate``."""
        told = {"error": self.error, "error_description": self.description}
        return challenges(self.scheme, **told, **self.parameters)


class AccountUnchanged(Auth0Error, BadRequest):
    """An account was not connected, linked or unlinked; the session is as it was."""

    code: int = 400
    error = "account_unchanged"
    title = "Your accounts are as they were"

    def __init__(self, kind: str, reason: str, **options: t.Any) -> None:
        done = {"connect": "connected", "link": "linked", "unlink": "unlinked"}[kind]
        super().__init__(f"The account was not {done}. {reason}", **options)


class LoginFailed(Auth0Error, BadRequest):
    """A login cannot go on."""

    code: int = 400
    error = "login_failed"
    title = "The login did not work"


class AuthorizationFailed(LoginFailed):
    """The tenant answered with an error of OAuth, such as ``access_denied``."""

    error = "access_denied"


class LoginLoop(LoginFailed):
    """Logins succeed, but the browser comes back without a session every time."""

    error = "login_loop"
    title = "The login does not last"
    description = (
        "You logged in several times, but your browser came back without "
        "a session each time, so we stopped."
    )


class LoginInVain(LoginLoop):
    """Logins succeed, but the page sends the user to log in again every time."""

    title = "You are logged in, but this page wants another login"
    description = (
        "You are logged in, but the page that you want sent you to log in again each "
        "time, so we stopped. It may be for other accounts than yours."
    )

    def __init__(self) -> None:
        super().__init__(
            code=403,
            remedy="A view sends users who are logged in to the login, or such a "
            "redirect was cached. Answer with 403 where a login changes nothing.",
        )


class SessionTooLarge(LoginFailed):
    """A session does not fit into the cookies of one request."""

    error = "session_too_large"
    title = "There is too much data in your login"

    def __init__(self, size: int, limit: int | None = None) -> None:
        #: Bytes that the session needs, and the most that fit, where that is known.
        self.size: int = size
        self.limit: int | None = limit
        if limit is None:
            super().__init__(
                f"Your login needs {size} bytes, and the session store takes less.",
                remedy="Ask for smaller tokens and fewer claims, or set another "
                "SESSION_TYPE.",
                code=431,
            )
            return
        super().__init__(
            f"Your login needs {size} bytes of cookies, and at most {limit} bytes "
            "reach this app. Whoever runs it can keep sessions on the server instead, "
            "by setting SESSION_TYPE.",
            code=431,
            remedy="Set SESSION_TYPE, for example to 'redis', or ask for smaller "
            "tokens and fewer claims.",
        )


class ResponseTooLarge(SessionTooLarge):
    """The cookies of a response do not fit into the buffer of a proxy."""

    def __init__(self, size: int, limit: int) -> None:
        LoginFailed.__init__(
            self,
            f"The answer of this page needs {size} bytes for its headers, and at most "
            f"{limit} bytes reach your browser. Whoever runs the app can keep sessions "
            "on the server instead, by setting SESSION_TYPE, or let proxies take more.",
            code=431,
            remedy="Set SESSION_TYPE, for example to 'redis', or ask for smaller "
            "tokens and fewer claims. Where no proxy has so small a buffer, or it was "
            "made larger (nginx: 'proxy_buffer_size 16k; proxy_buffers 8 16k;'), set "
            "AUTH0_RESPONSE_HEADER_LIMIT, for example to 16384.",
        )
        self.size: int = size
        self.limit: int = limit


class MyAccountRefused(Auth0Error, BadRequest):
    """The My Account API does not do what was asked for. ``code`` is its own status."""

    code: int = 400
    error = "my_account_refused"
    title = "That is not possible for your account"
    description = "The login service did not accept this for your account."

    def __init__(
        self,
        description: str | None = None,
        *,
        validation_errors: Sequence[Mapping[str, str]] = (),
        **options: t.Any,
    ) -> None:
        super().__init__(description, **options)
        #: What is wrong with which ``field``, without the values.
        self.validation_errors: Sequence[Mapping[str, str]] = validation_errors

    def to_dict(self) -> dict[str, t.Any]:
        told, errors = super().to_dict(), [*self.validation_errors]
        return {**told, "validation_errors": errors} if errors else told


class SessionStoreUnavailable(Auth0Error):
    """The back end that keeps the sessions is down, or does not answer in time."""

    code: int | None = 503
    error = "session_store_unavailable"
    title = "Your session cannot be read"
    description = "The sessions of this app cannot be reached right now."
    retry_after: int | None = 5


class TenantUnavailable(Auth0Error):
    """The tenant cannot be reached, or does not answer in time."""

    code: int | None = 503
    error = "temporarily_unavailable"
    title = "The login service is not answering"
    description = "The login service cannot be reached right now."
    retry_after: int | None = 5


class TenantError(Auth0Error, BadGateway):
    """The tenant answered, but its answer makes no sense or cannot be trusted."""

    code: int = 502
    error = "invalid_response"
    title = "The login service gave a wrong answer"
    description = "The login service gave an answer that this app cannot use."


def _state() -> t.Any:
    """Return the state of the app that answers the current request, if there is one."""
    return current_app.extensions.get("auth0") if has_request_context() else None


def log_failure(what: str, error: Auth0Error) -> None:
    """Log a failure that the user can do nothing about."""
    # The tenant's message has passed through the browser, so anybody can have written
    # it.
    is_said = isinstance(error, AuthorizationFailed)
    hint = error.remedy or (error.title if is_said else error.description)
    current_app.logger.warning("%s: %s. %s", what, error.error, in_one_line(hint))


def in_one_line(text: str) -> str:
    """Return a text without line breaks, which could forge an entry of the log."""
    shown = " ".join(text.split())[:500]
    return "".join(each if each.isprintable() else "?" for each in shown)
