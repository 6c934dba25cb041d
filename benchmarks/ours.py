"""The same small app with the extension."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from flask import Flask

from flask_auth0 import Auth0, current_user, login_required

from .plain import GREETING


def ours_in_cookies(**config: t.Any) -> Flask:
    """Return an app with the extension, which keeps sessions in cookies."""
    # It would say at each start what only SESSION_TYPE can do.
    return _app(AUTH0_BACKCHANNEL_LOGOUT_PATH="", **config)


def ours_on_redis(url: str, **config: t.Any) -> Flask:
    """Return an app with the extension, which keeps sessions in Redis."""
    return _app(SESSION_TYPE="redis", SESSION_REDIS=url, **config)


def ours_on_postgresql(url: str) -> Flask:
    """Return an app with the extension, which keeps sessions in PostgreSQL."""
    return _app(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=url)


def ours_at(settings: Mapping[str, t.Any], **config: t.Any) -> Flask:
    """Return an app with the extension, which keeps sessions where settings say."""
    return _app(**settings, **config)


def _app(**config: t.Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    auth0 = Auth0(app)

    @app.get("/profile")
    @login_required
    def profile() -> str:
        return f"Hello {current_user['name']}"

    @app.get("/token")
    @login_required
    def token() -> str:
        return auth0.get_access_token()

    @app.get("/open")
    def open_to_all() -> str:
        return GREETING

    return app
