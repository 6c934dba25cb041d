"""A login is needed, or does not work."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

from flask import has_request_context, request
from werkzeug.exceptions import BadRequest, Unauthorized
from werkzeug.wrappers import Response

from ..negotiation import is_htmx
from ..pages import Text
from .base import Auth0Error, current_state

#: The ``acr_values`` for a login with more than one factor (OpenID Provider
#: Authentication Policy Extension 1.0, section 4).
MULTI_FACTOR = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"


class LoginRequired(Auth0Error, Unauthorized):
    """No user is logged in, or not in the way that is asked for.

    Raise it in a view to ask for a login: a browser gets a page with a button that
    leads to the login and back, a program gets JSON with a ``login_url``.
    """

    code: int = 401
    error = "login_required"
    reason = "login_required"
    title: str = Text("Please log in")
    description: str = Text("You need to log in to see this.")

    #: The parameters that the login needs.
    parameters: t.ClassVar[Mapping[str, t.Any]] = MappingProxyType({})

    @cached_property
    def login_url(self) -> str | None:
        """The URL to log in at and come back from, for the current page if not set."""
        # The error finds the login itself, so that a view can raise it without a URL.
        state = current_state()
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
    reason = "mfa_required"
    title: str = Text("Please confirm that it is you")
    description: str = Text("This needs one more factor than you logged in with.")
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
    reason = "challenge_failed"
    title: str = Text("That did not work")
    description: str = Text("It could not be confirmed that it is you.")


class WrongCode(ChallengeFailed):
    """A one-time code is wrong, or too old. The user may try again."""

    error = "invalid_grant"
    reason = "wrong_code"
    title: str = Text("The code is wrong")
    description: str = Text("The code is wrong, or too old. Please try again.")


class LoginFailed(Auth0Error, BadRequest):
    """A login cannot go on."""

    code: int = 400
    error = "login_failed"
    reason = "login_failed"
    title: str = Text("The login did not work")


class AuthorizationFailed(LoginFailed):
    """The tenant answered with an error of OAuth, such as ``access_denied``."""

    error = "access_denied"
    reason = "refused_by_tenant"

    @staticmethod
    def quoted(said: str) -> str:
        """Return the tenant's words as a remedy has them, which the log leaves out."""
        return f"The tenant said: {said}"


class LoginLoop(LoginFailed):
    """Logins succeed, but the browser comes back without a session every time."""

    error = "login_loop"
    reason = "login_loop"
    title: str = Text("The login does not last")
    description: str = Text(
        "You logged in several times, but your browser came back without "
        "a session each time, so we stopped."
    )


class LoginInVain(LoginLoop):
    """Logins succeed, but the page sends the user to log in again every time."""

    title: str = Text("You are logged in, but this page wants another login")
    description: str = Text(
        "You are logged in, but the page that you want sent you to log in again each "
        "time, so we stopped. It may be for other accounts than yours."
    )

    def __init__(self) -> None:
        super().__init__(
            code=403,
            remedy="A view sends users who are logged in to the login, or such a "
            "redirect was cached. Answer with 403 where a login changes nothing.",
        )
