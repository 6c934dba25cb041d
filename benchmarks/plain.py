"""The same small app without anything, and with the user in Flask's own session."""

from __future__ import annotations

import os
import typing as t

from flask import Flask, session

#: Where the apps are that are called in process.
APP_URL = "http://127.0.0.1:5000"
#: What is asked for at a login.
SCOPE = "openid profile email offline_access"
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


def bare() -> Flask:
    """Return an app that asks nobody who they are."""
    app = Flask(__name__)

    @app.get("/profile")
    def profile() -> str:
        return GREETING

    return app


def signed_cookie() -> Flask:
    """Return an app that keeps the user in Flask's own session."""
    return with_session(with_key(Flask(__name__)))


def with_key(app: Flask) -> Flask:
    """Let an app sign its sessions; without a key, Flask makes none."""
    app.secret_key = os.environ["AUTH0_SECRET"]
    return app


def with_session(app: Flask) -> Flask:
    """Give an app a view that finds the user in its session, and one that need not."""

    @app.get("/login")
    def login() -> str:
        session["user"] = USER
        return ""

    @app.get("/profile")
    def profile() -> str:
        return f"Hello {session['user']['name']}"

    @app.get("/open")
    def open_to_all() -> str:
        return GREETING

    return app
