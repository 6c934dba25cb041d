"""An app that asks the SDK's clients itself, wherever its sessions are kept."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Coroutine

import pytest
from flask import Flask, Response, session, stream_with_context
from pydantic import BaseModel
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, Auth0Error, current_user
from flask_auth0.tenant import TenantServer
from tests.harness.clock import Clock
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import FETCH, HOST, MakeApp, Visitor

API, OTHER_API = "https://api.example.com", "https://other.example.com"
OFFLINE = "openid profile email offline_access"
SUB = "auth0|ada"

Step = Callable[[t.Any], Coroutine[t.Any, t.Any, t.Any]]

auth0 = Auth0()


class Person(Visitor):
    """Somebody at an app whose views do what a test tells them."""

    #: Where the calls are awaited: in a ``sync`` view or an ``async`` one.
    place = "sync"

    def does(self, step: Step, **options: t.Any) -> TestResponse:
        """Let a view call the SDK's client, and return the view's answer."""
        self.app.config["STEP"] = step
        options.setdefault("headers", FETCH)
        return self.client.post(f"/{self.place}", base_url=HOST, **options)

    def gets(self, step: Step) -> t.Any:
        """What the call returns."""
        answer = self.does(step)
        assert answer.status_code == 200, answer.text
        return answer.get_json()["told"]

    def passwordless(self, email: str = "ada@example.com") -> TestResponse:
        """Log in with the code that the tenant sends, as far as that goes."""
        # The SDK's types are imported with the first use of the package.
        from auth0_server_python.auth_types import (
            StartPasswordlessEmailOptions,
            VerifyPasswordlessOtpOptions,
        )

        start = StartPasswordlessEmailOptions(email=email)
        self.gets(lambda client: client.passwordless.start(start))
        code = self.tenant.tenant.inbox.messages(email)[-1].code
        options = VerifyPasswordlessOtpOptions(
            connection="email",
            email=email,
            verification_code=code,
            scope=OFFLINE,
        )
        return self.does(lambda client: client.passwordless.verify(options))


@pytest.fixture(params=["cookies", "redis", "own"])
def mode(request: pytest.FixtureRequest) -> str:
    """Where the sessions are."""
    return str(request.param)


@pytest.fixture
def place(mode: str, request: pytest.FixtureRequest) -> dict[str, t.Any]:
    """The settings of an app whose sessions are there."""
    if mode == "redis":
        url = request.getfixturevalue("redis_url")
        return {"config": {"SESSION_TYPE": "redis", "SESSION_REDIS": url}}
    return {"state_store": SimpleStore()} if mode == "own" else {}


@pytest.fixture
def app(make_app: MakeApp, place: dict[str, t.Any]) -> Flask:
    config = {"AUTH0_RESPONSE_HEADER_LIMIT": 16384, **place.pop("config", {})}
    return add_steps(make_app(config, scope=OFFLINE, audience=API, **place))


@pytest.fixture(params=["sync", "async"])
def visitor(
    request: pytest.FixtureRequest, app: Flask, tenant: TenantServer
) -> t.Iterator[Person]:
    person = Person(app, tenant)
    person.place = request.param
    yield person
    person.http.close()


@pytest.fixture
def clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    # Where an app has a store of its own, the SDK looks at a session's ceiling.
    monkeypatch.setattr("auth0_server_python.utils.helpers.time", clock)
    return clock


def add_steps(app: Flask) -> Flask:
    """Add views that do what a test tells them."""

    @app.post("/sync")
    def in_sync() -> t.Any:
        return answer(auth0.run(app.config["STEP"](auth0.client)))

    @app.post("/async")
    async def in_async() -> t.Any:
        return answer(await app.config["STEP"](auth0.client))

    @app.post("/stream")
    def stream() -> Response:
        def content() -> t.Iterator[str]:
            try:
                auth0.run(app.config["STEP"](auth0.client))
            except Auth0Error as error:
                yield str(error.description)

        return Response(stream_with_context(content()))

    @app.get("/put")
    def put() -> str:
        session["cart"] = "book"
        return "put"

    @app.get("/cart")
    def cart() -> t.Any:
        return {"cart": session.get("cart")}

    @app.get("/tokens")
    def tokens() -> t.Any:
        found = auth0.get_session() or {}
        return {each["audience"]: each for each in found.get("token_sets") or []}

    return app


def answer(told: t.Any) -> t.Any:
    """What a call of the SDK has returned, and who is logged in then, as JSON."""
    if isinstance(told, list):
        told = [each.model_dump() for each in told]
    elif isinstance(told, BaseModel):
        told = told.model_dump()
    elif isinstance(told, dict) and "state_data" in told:
        told = "logged in"
    return {"told": told, "user": dict(current_user)}
