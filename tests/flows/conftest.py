"""An app whose views begin every flow of the SDK, and visitors who go through them."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, redirect, request
from werkzeug.test import TestResponse

from flask_auth0 import Auth0
from tests.harness.own_stores import SimpleStore, SlowTransactions
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

from .starting import STARTS

SCOPE = "openid profile email offline_access"


@pytest.fixture(params=["cookies", "redis", "own"])
def mode(request: pytest.FixtureRequest) -> str:
    """Where the sessions and the transactions are."""
    return str(request.param)


@pytest.fixture
def settings(mode: str, request: pytest.FixtureRequest) -> dict[str, t.Any]:
    if mode != "redis":
        return {}
    found: dict[str, t.Any] = request.getfixturevalue("redis_settings")
    return found


@pytest.fixture
def app(make_app: MakeApp, settings: dict[str, t.Any], mode: str) -> Flask:
    stores: dict[str, t.Any] = {}
    if mode == "own":
        stores = {
            "state_store": SimpleStore(),
            "transaction_store": SlowTransactions(),
        }
    app = make_app(settings, scope=SCOPE, **stores)
    add_starts(app)
    return app


@pytest.fixture
def visitor(app: Flask, make_visitor: MakeVisitor) -> Visitor:
    return make_visitor(app)


def add_starts(app: Flask) -> None:
    """Add two views for each flow: one that is sync, and one that is async."""
    auth0 = Auth0()

    def sync(name: str) -> t.Any:
        url = auth0.run(STARTS[name](auth0.client, request.args))
        return redirect(url) if url else "sent"

    async def asynchronous(name: str) -> t.Any:
        url = await STARTS[name](auth0.client, request.args)
        return redirect(url) if url else "sent"

    app.add_url_rule("/sync/<name>", view_func=sync)
    app.add_url_rule("/async/<name>", view_func=asynchronous)

    @app.get("/session")
    def session() -> t.Any:
        return auth0.get_session() or {}


@pytest.fixture
def color() -> str:
    """Of which kind the view is that begins a flow: sync or async."""
    return "sync"


@pytest.fixture
def begin(visitor: Visitor, color: str) -> t.Callable[..., TestResponse]:
    """Begin a flow in a view of the app."""

    def begin(name: str, **query: t.Any) -> TestResponse:
        return visitor.get(f"/{color}/{name}", query_string=query)

    return begin
