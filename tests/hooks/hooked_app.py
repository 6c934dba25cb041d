"""An app with hooks, whose pages show the session, refresh it and change it."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, request
from redis import Redis

from flask_auth0 import Auth0, current_user
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import Visitor

OFFLINE = "openid profile email offline_access"
MODES = ["cookie", "redis", "own"]

Session = dict[str, t.Any]


class Views(t.NamedTuple):
    """An app, and the extension that it registers its hooks with."""

    app: Flask
    auth0: Auth0
    store: SimpleStore


def make(request: pytest.FixtureRequest, options: dict[str, t.Any], mode: str) -> Views:
    app, store = Flask(__name__), SimpleStore()
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    if mode == "redis":
        url = request.getfixturevalue("redis_url")
        with Redis.from_url(url) as redis:
            redis.flushdb()
        app.config.update(SESSION_TYPE="redis", SESSION_REDIS=url)
    auth0 = Auth0(**options, scope=OFFLINE)
    auth0.init_app(app, state_store=store if mode == "own" else None)
    add_views(app, auth0)
    return Views(app, auth0, store)


def add_views(app: Flask, auth0: Auth0) -> None:
    """Show the session, refresh it and change it."""

    @app.get("/user")
    def user() -> t.Any:
        return dict(current_user), {"X-User": current_user.get("sub", "")}

    @app.get("/session")
    def session() -> t.Any:
        return auth0.get_session() or {}

    @app.get("/refresh")
    def refresh() -> t.Any:
        return auth0.get_access_token(force_refresh=True)

    @app.get("/refresh-async")
    async def refresh_async() -> t.Any:
        return await auth0.client.get_access_token(force_refresh=True)

    @app.post("/update")
    def update() -> t.Any:
        auth0.update_session(t.cast(dict[str, t.Any], request.get_json()))
        return dict(current_user)

    @app.post("/update-async")
    async def update_async() -> t.Any:
        await auth0.client.update_session(request.get_json())
        return dict(current_user)


def update(visitor: Visitor, path: str = "/update", **claims: t.Any) -> t.Any:
    """Change claims, and return the answer."""
    return visitor.fetch(path, method="POST", json=claims)


def kept(visitor: Visitor) -> Session:
    return t.cast(Session, visitor.fetch("/session").get_json())


def assert_nothing_kept(made: Views, visitor: Visitor) -> None:
    """Check that no user is logged in, and no note says that one was."""
    made.auth0._hooks.before_saved.clear()
    assert visitor.user() == {}
    names = [name for name in visitor.cookies() if "head" in name or "body" in name]
    assert names == []
    assert made.store.states == {}
    if url := made.app.config.get("SESSION_REDIS"):
        with Redis.from_url(url) as redis:
            assert list(redis.scan_iter("flask_auth0.state:*")) == []
