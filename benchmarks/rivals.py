"""The same small app with other extensions."""

from __future__ import annotations

import os

import flask_login
import redis
from flask import Flask
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy

from .plain import USER, with_session


def flask_session_on_redis(url: str) -> Flask:
    """Return an app that keeps the user in a session of Flask-Session."""
    app = Flask(__name__)
    client = redis.Redis.from_url(url)
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=client)
    Session(app)
    return with_session(app)


def flask_session_on_postgresql(url: str) -> Flask:
    """Return an app that keeps the user in a session of Flask-Session."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    database = SQLAlchemy(app)
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=database)
    Session(app)
    return with_session(app)


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
