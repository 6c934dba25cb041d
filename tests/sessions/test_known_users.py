"""A user whom the process has read already."""

from __future__ import annotations

import json
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0, current_user
from flask_auth0.runtime.recent import Recent
from flask_auth0.sessions.sealing import Sealer
from flask_auth0.sessions.storage_contract import KEY
from tests.harness.visitor import HOST, MakeApp, MakeVisitor, Visitor, query_of


def test_the_user_is_read_once_and_only_when_asked_for(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    store = app.extensions["auth0"].state_store
    original = store.states.sealer.weigh

    def weigh(text: str, context: str) -> t.Any:
        opened.append(context)
        return original(text, context)

    @app.get("/often")
    def often() -> t.Any:
        return json.dumps([current_user["email"] for _ in range(10)])

    visitor.log_in()
    visitor.user()
    # The process remembers nobody any more.
    monkeypatch.setattr(store.states, "_recent", Recent(1))
    monkeypatch.setattr(store.states.sealer, "weigh", weigh)
    visitor.get("/")
    assert opened == []
    visitor.get("/often")
    assert len(opened) == 1


def test_a_user_who_comes_again_is_known(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.log_in()
    _, name = [visitor.user()["name"] for _ in range(2)]
    opened: list[str] = []
    original = Sealer.weigh

    def weigh(self: Sealer, text: str, context: str) -> t.Any:
        opened.append(context)
        return original(self, text, context)

    monkeypatch.setattr(Sealer, "weigh", weigh)
    assert [visitor.user()["name"] for _ in range(3)] == [name] * 3
    assert opened == []
    # To know one is not to let in what only looks like it.
    kept = visitor.cookies()
    visitor.set_cookie("session_a0_head0", f"{kept['session_a0_head0'][:-8]}AAAAAAAA")
    assert visitor.user() is None
    for name_, value in kept.items():
        visitor.set_cookie(name_, value)
    assert visitor.user()["name"] == name


def test_a_large_user_is_not_remembered(app: Flask, visitor: Visitor) -> None:
    """However short they are in a cookie, where they are compressed."""
    auth0 = Auth0()

    @app.get("/grow")
    def grow() -> str:
        auth0.update_session(nickname="a" * 100_000)
        return ""

    visitor.log_in()
    states = app.extensions["auth0"].state_store.states
    for _ in range(2):
        visitor.user()
    before = len(states._recent)
    assert before > 0
    visitor.get("/grow")
    for _ in range(3):
        assert len(visitor.user()["nickname"]) == 100_000
    assert len(states._recent) == before


def test_a_known_user_is_not_changed_by_what_one_request_does(
    app: Flask, visitor: Visitor
) -> None:
    store = app.extensions["auth0"].state_store

    @app.get("/spoil")
    async def spoil() -> str:
        user, state = await store.user(), await store.get(KEY)
        user["name"] = state["user"]["name"] = "Mallory"
        state["internal"]["created_at"] = 0
        return ""

    visitor.log_in()
    name = visitor.user()["name"]
    assert visitor.get("/spoil").status_code == 200
    assert visitor.user()["name"] == name


def test_a_known_user_of_another_record_is_nobody(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    ada, bob = make_visitor(app), make_visitor(app)
    for visitor in (ada, bob):
        visitor.log_in()
        assert visitor.user() is not None
    bob.set_cookie("session_a0_head0", ada.cookies()["session_a0_head0"])
    assert bob.user() is None


@pytest.mark.parametrize(
    "difference", [{"client_id": "other"}, {"domain": "other.example"}]
)
def test_one_secret_for_two_clients_opens_nothing(
    app: Flask, make_app: MakeApp, make_visitor: MakeVisitor, difference: dict[str, str]
) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    started = visitor.authorize(visitor.get("/login"))
    cookies = visitor.cookies()
    stranger = make_visitor(make_app(**difference))
    for name, value in cookies.items():
        stranger.set_cookie(name, value)
    assert stranger.user() is None
    known = stranger.app.extensions["auth0"].transaction_store
    with stranger.app.test_request_context(
        base_url=HOST,
        headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())},
    ):
        state = query_of(started)["state"].partition(".")[0]
        assert Auth0().run(known.get(f"_a0_tx:{state}")) is None
