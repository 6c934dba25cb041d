"""In a store of an app's own, no request waits for another user's session."""

from __future__ import annotations

import asyncio
import threading
import typing as t

import pytest
from auth0_server_python.store import StateStore
from flask import Flask

from flask_auth0 import Auth0
from tests.harness.visitor import ADA, GRACE, MakeApp, MakeVisitor

#: Seconds, more than any machine needs for a request.
LIMIT = 30


class SlowStore(StateStore):
    """Remembers states by the client's address, and takes its time for one of them."""

    def __init__(self) -> None:
        super().__init__({})
        self.states: dict[str, dict[str, t.Any]] = {}
        #: Whose writes are slow.
        self.slow = ""
        self.began, self.may_end = threading.Event(), threading.Event()

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: t.Any = None,
    ) -> None:
        data = state if isinstance(state, dict) else state.model_dump()
        if data["user"]["sub"] == self.slow:
            self.began.set()
            await asyncio.to_thread(self.may_end.wait, LIMIT)
        self.states[options["request"].cookies["who"]] = data

    async def get(self, identifier: str, options: t.Any = None) -> t.Any:
        return self.states.get(options["request"].cookies["who"])

    async def delete(self, identifier: str, options: t.Any = None) -> None:
        self.states.pop(options["request"].cookies["who"], None)


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture(params=["openid profile", "openid profile offline_access"])
def app(make_app: MakeApp, store: SlowStore, request: pytest.FixtureRequest) -> Flask:
    app = make_app(state_store=store, scope=request.param)
    auth0 = Auth0()

    @app.get("/rename/<name>")
    def rename(name: str) -> str:
        auth0.update_session(nickname=name)
        return name

    return app


def test_one_users_write_holds_up_nobody_else(
    app: Flask, store: SlowStore, make_visitor: MakeVisitor
) -> None:
    ada, grace = make_visitor(app), make_visitor(app)
    for visitor, person in ((ada, ADA), (grace, GRACE)):
        visitor.set_cookie("who", person)
        visitor.log_in(person)
    store.slow = ada.user()["sub"]
    slow = threading.Thread(target=ada.get, args=["/rename/countess"])
    slow.start()
    assert store.began.wait(LIMIT)
    quick = threading.Thread(target=grace.get, args=["/rename/admiral"])
    quick.start()
    quick.join(LIMIT / 2)
    is_held_up = quick.is_alive()
    store.may_end.set()
    for thread in (slow, quick):
        thread.join(LIMIT)
    assert not is_held_up
    assert ada.user()["nickname"] == "countess"
    assert grace.user()["nickname"] == "admiral"
