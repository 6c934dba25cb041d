"""Calls that one view makes at the same time."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.runtime.request import CurrentRequest, current_request
from flask_auth0.sessions.state_store import SessionStateStore
from flask_auth0.tenant import TenantServer
from tests.fixtures.rounds import Rounds
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

from .refreshing import API, OFFLINE, refreshes

#: Seconds, more than any machine needs for a request.
LIMIT = 30


def add_gathering_views(app: Flask) -> None:
    """Add views that ask for several tokens at once, before they use the session."""
    client = app.extensions["auth0"].client

    @app.get("/gathered/<name>")
    async def gathered(name: str) -> t.Any:
        ask = client.get_access_token
        if name == "forced":
            calls = [ask(force_refresh=True) for _ in range(5)]
        else:
            calls = [ask(audience=f"https://{n}.example") for n in range(3)]
        return await asyncio.gather(*calls)

    @app.get("/threads")
    def threads() -> t.Any:
        ask = Auth0().get_access_token
        found: list[str] = []

        def refresh() -> None:
            found.append(ask(force_refresh=True))

        contexts = [contextvars.copy_context() for _ in range(3)]
        running = [threading.Thread(target=c.run, args=[refresh]) for c in contexts]
        for each in running:
            each.start()
        for each in running:
            each.join(LIMIT)
        return found


@pytest.mark.parametrize(
    ("path", "calls"), [("/gathered/forced", 5), ("/threads", 3)], ids=str
)
def test_forced_refreshes_of_one_view_share_one(
    app: Flask,
    visitor: Visitor,
    tenant: TenantServer,
    rounds: Rounds,
    path: str,
    calls: int,
) -> None:
    add_gathering_views(app)
    visitor.log_in()
    for _ in range(rounds(short=25, full=250)):
        tenant.tenant.token_requests.clear()
        answer = visitor.fetch(path)
        assert answer.status_code == 200, answer.text
        tokens = answer.get_json()
        assert len(tokens) == calls
        # One that began after the answer asks again, and rightly so.
        assert set(refreshes(tenant)) == {"ok"}
        assert visitor.fetch("/token").text in tokens


def test_tokens_for_several_audiences_are_all_kept(
    app: Flask, visitor: Visitor, tenant: TenantServer, rounds: Rounds
) -> None:
    add_gathering_views(app)
    for _ in range(rounds(short=5, full=50)):
        visitor.log_in()
        tokens = visitor.fetch("/gathered/audiences").get_json()
        assert len(set(tokens)) == 3
        tenant.tenant.token_requests.clear()
        assert visitor.fetch("/gathered/audiences").get_json() == tokens
        assert refreshes(tenant) == []


@pytest.mark.parametrize("config", ["redis"], indirect=True)
def test_a_read_that_ends_late_brings_nothing_old_back(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call of a request still reads while two others have changed the session."""
    auth0, store = Auth0(), state_of(app).state_store
    assert isinstance(store, SessionStateStore)
    has_read, may_go_on = threading.Event(), threading.Event()
    open_head, reread = store.states.open_head, store.reread

    def held(*args: t.Any) -> t.Any:
        found = open_head(*args)
        if not has_read.is_set():
            has_read.set()
            may_go_on.wait(LIMIT)
        return found

    @app.get("/changed")
    def changed() -> t.Any:
        # Flask's session is loaded before.
        assert auth0.get_user()
        reread(current_request())
        monkeypatch.setattr(store.states, "open_head", held)
        run = contextvars.copy_context().run
        # On a loop of its own, so that it does not hold up the extension's.
        reading = auth0.client.get_session()
        reader = threading.Thread(target=run, args=[asyncio.run, reading])
        reader.start()
        assert has_read.wait(LIMIT)
        auth0.update_session(first="kept")

        def reread_meanwhile(current: CurrentRequest) -> None:
            reread(current)
            may_go_on.set()
            reader.join(LIMIT)

        monkeypatch.setattr(store, "reread", reread_meanwhile)
        auth0.update_session(second="kept")
        return {}

    visitor.log_in()
    assert visitor.fetch("/changed").status_code == 200
    user = visitor.user()
    assert (user.get("first"), user["second"]) == ("kept", "kept")


class StatesInCookies(SimpleStore):
    """Has a new key for each state, as if the state itself was in the cookie."""

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: t.Any = None,
    ) -> None:
        key = f"state-{len(self.states)}"
        self.states[key] = state if isinstance(state, dict) else state.model_dump()
        options["response"].set_cookie("own", key, httponly=True)


def test_calls_at_once_read_what_others_have_put_into_cookies_of_an_own_store(
    make_app: MakeApp, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second call would write the refresh token back that the first has spent."""
    store = StatesInCookies()
    app = make_app(scope=OFFLINE, audience=API, state_store=store)
    client = app.extensions["auth0"].client

    async def exchange(options: dict[str, t.Any]) -> t.Any:
        return {"access_token": "of-google", "expires_in": 3600, "scope": ""}

    monkeypatch.setattr(client, "get_token_for_connection", exchange)

    @app.get("/gathered")
    async def gathered() -> t.Any:
        return await asyncio.gather(
            client.get_access_token(force_refresh=True),
            client.get_access_token_for_connection({"connection": "google"}),
        )

    visitor = make_visitor(app)
    visitor.log_in()
    before = store.states[visitor.cookies()["own"]]
    token, _ = visitor.fetch("/gathered").get_json()
    after = store.states[visitor.cookies()["own"]]
    assert after["refresh_token"] != before["refresh_token"]
    assert token in [each["access_token"] for each in after["token_sets"]]
    assert [e["access_token"] for e in after["connection_token_sets"]] == ["of-google"]
