"""The same small app with the extension, and with what people would use instead."""

from __future__ import annotations

import os
import typing as t

import flask_login
import redis
from flask import Flask, session
from flask_session import Session

from flask_auth0 import Auth0, current_user, login_required

#: What the apps without a tenant know of their user: what an ID token says.
USER: dict[str, t.Any] = {
    "sub": "auth0|ada",
    "name": "Ada Lovelace",
    "nickname": "ada",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "picture": "https://s.gravatar.com/avatar/0f4a2e2b7c1d4b6e8a9c0d1e2f3a4b5c?s=480",
    "updated_at": "2025-01-01T00:00:00.000Z",
    "email": "ada@example.com",
    "email_verified": True,
    "locale": "en",
    "https://example.com/roles": ["reader", "writer"],
    "iss": "https://tenant.example.com/",
    "aud": "dev_0123456789abcdef01234567",
    "iat": 1750000000,
    "exp": 1750036000,
    "sid": "0123456789abcdef0123456789abcdef",
}
#: What each view says.
GREETING = f"Hello {USER['name']}"


def ours_in_cookies() -> Flask:
    """Return an app with the extension, which keeps sessions in cookies."""
    return _ours(Flask(__name__))


def ours_on_redis(url: str) -> Flask:
    """Return an app with the extension, which keeps sessions in Redis."""
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=url)
    return _ours(app)


def bare() -> Flask:
    """Return an app that asks nobody who they are."""
    app = Flask(__name__)

    @app.get("/profile")
    def profile() -> str:
        return GREETING

    return app


def signed_cookie() -> Flask:
    """Return an app that keeps the user in Flask's own session."""
    app = Flask(__name__)
    app.secret_key = os.environ["AUTH0_SECRET"]
    return _with_session(app)


def flask_session_on_redis(url: str) -> Flask:
    """Return an app that keeps the user in a session of Flask-Session."""
    app = Flask(__name__)
    client = redis.Redis.from_url(url)
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=client)
    Session(app)
    return _with_session(app)


def flask_login_in_cookies() -> Flask:
    """Return an app that uses Flask-Login, and knows its user without looking."""
    app = Flask(__name__)
    app.secret_key = os.environ["AUTH0_SECRET"]
    manager = flask_login.LoginManager(app)
    manager.user_loader({USER["sub"]: LoginUser()}.get)

    @app.get("/login")
    def login() -> str:
        return str(flask_login.login_user(LoginUser()))

    @app.get("/profile")
    @flask_login.login_required  # type: ignore[untyped-decorator]
    def profile() -> str:
        return f"Hello {flask_login.current_user.name}"

    return app


class LoginUser(flask_login.UserMixin):  # type: ignore[misc]
    """A user as Flask-Login wants it."""

    id, name = USER["sub"], USER["name"]


def _ours(app: Flask) -> Flask:
    Auth0(app)

    @app.get("/profile")
    @login_required
    def profile() -> str:
        return f"Hello {current_user['name']}"

    return app


def _with_session(app: Flask) -> Flask:
    @app.get("/login")
    def login() -> str:
        session["user"] = USER
        return ""

    @app.get("/profile")
    def profile() -> str:
        return f"Hello {session['user']['name']}"

    return app
