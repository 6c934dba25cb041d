"""An app that shows each page of the extension, under a strict policy."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from flask import Flask, Response, render_template, request
from flask_babel import Babel

from flask_auth0 import (
    Auth0,
    Auth0Error,
    AuthorizationFailed,
    ConfigurationError,
    LoginRequired,
    MfaRequired,
    NotAllowed,
    SessionStoreUnavailable,
    TenantUnavailable,
)
from flask_auth0.errors import LoginInVain, LoginLoop, SessionTooLarge, app_refused
from flask_auth0.pages import Text
from flask_auth0.testing import CONFIG

POLICY = "default-src 'self'"
#: The errors that answer with a page, by the path that raises them.
ERRORS: dict[str, Callable[[], Auth0Error]] = {
    "cancelled": lambda: AuthorizationFailed(
        Text("The login was cancelled or refused."), code=403
    ),
    "stopped": LoginLoop,
    "in-vain": LoginInVain,
    "too-large": lambda: SessionTooLarge(9000, 7000),
    "store-down": SessionStoreUnavailable,
    "tenant-down": TenantUnavailable,
    "app-refused": lambda: app_refused("Check AUTH0_CLIENT_SECRET."),
    "not-allowed": NotAllowed,
    "signed-out": lambda: LoginRequired(
        Text("Your session has ended. Please log in again.")
    ),
    "one-more-factor": MfaRequired,
    "not-set-up": lambda: ConfigurationError("AUTH0_DOMAIN is missing."),
}
#: The other pages: their template, with its values.
OTHERS: dict[str, tuple[str, dict[str, t.Any]]] = {
    # A fragment, so that the page stays to be looked at.
    "continue": ("continue.html", {"target": "#here"}),
    "not-kept": ("not_kept.html", {"target": "/", "is_too_large": True}),
    "log-out": ("logout.html", {"action": "/logout"}),
}


def make_app(**options: t.Any) -> Flask:
    """Return the app; ``?lang=de`` asks for German."""
    app = Flask(__name__)
    app.config.update(CONFIG)
    Auth0(app, **options)
    Babel(app, locale_selector=lambda: request.args.get("lang"))

    @app.get("/error/<name>")
    def error(name: str) -> t.NoReturn:
        raise ERRORS[name]()

    @app.get("/page/<name>")
    def page(name: str) -> str:
        template, values = OTHERS[name]
        return render_template(f"flask_auth0/{template}", **values)

    @app.after_request
    def set_policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return app


def paths() -> list[str]:
    """The paths of all pages."""
    errors = [f"/error/{name}" for name in ERRORS]
    return [*errors, *(f"/page/{name}" for name in OTHERS)]
