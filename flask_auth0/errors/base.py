"""What the errors have in common: a page or JSON, with a status and a way on."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from functools import cached_property

from flask import current_app, has_request_context, jsonify, render_template, request
from jinja2 import TemplateNotFound
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..negotiation import is_navigation
from ..pages import Text
from ..runtime.tenant_answer import TenantAnswer


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
    title: str = Text("Something went wrong")
    #: A sentence for the user.
    description: str = Text("The login could not be completed.")
    #: Whether no other try of the user can help, so that pages offer none.
    is_lasting: bool = False
    #: Seconds after which a client may try again.
    retry_after: int | None = None
    #: The values of ``WWW-Authenticate``, for clients with access tokens.
    challenges: Sequence[str] = ()
    #: Why, for the log: one of the reasons that the page on logging lists.
    reason: str = "server_error"
    #: What the tenant said, for the log, if the request does not know it.
    answer: TenantAnswer | None = None
    #: Whether the log has a line on it.
    is_logged: bool = False

    def __init__(
        self,
        description: str | None = None,
        *,
        code: int | None = None,
        error: str | None = None,
        remedy: str | None = None,
        actions: Sequence[Action] = (),
        reason: str | None = None,
    ) -> None:
        super().__init__(description or self.description)
        self.reason = reason or self.reason
        self.code = code or self.code or 500
        self.error = error or self.error
        #: A sentence for the developer, shown in debug mode only.
        self.remedy = remedy
        if actions:
            self.actions = list(actions)

    @cached_property
    def actions(self) -> list[Action]:
        """The ways on for the user, the best one first."""
        return [Action(Text("Log in"), self.login_url)] if self.login_url else []

    @cached_property
    def login_url(self) -> str | None:
        """The URL to log in at and come back from, if that can help."""
        return None

    @property
    def data(self) -> dict[str, t.Any]:
        """The answer of Flask-RESTX and Flask-RESTful, as :meth:`to_dict` has it.

        They have no pages, and leave to Flask what fails while they ask: so does an
        error whose answer is a page.
        """
        if has_request_context() and is_navigation(request):
            raise self
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
        told = {"error": self.error, "error_description": str(self.description)}
        return {**told, "login_url": self.login_url} if self.login_url else told

    def _page(self) -> Response:
        page = render_template(
            "flask_auth0/error.html",
            error=self,
            actions=self.actions,
            remedy=self.remedy if current_app.debug else None,
        )
        return current_app.make_response(page)


def current_state() -> t.Any:
    """Return the state of the app that answers the current request, if there is one."""
    return current_app.extensions.get("auth0") if has_request_context() else None
