"""One refresh reaches the tenant, however many ask for a token at the same time."""

from __future__ import annotations

import asyncio
import threading
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.runtime import loop
from flask_auth0.runtime.request import current_request
from flask_auth0.sessions.storage_contract import KEY
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

from .refreshing import API, OFFLINE, add_views, adopt, at_once, refreshes


def test_many_requests_refresh_once(
    app: Flask,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
) -> None:
    for _ in range(3):
        visitor = make_visitor(app)
        tenant.tenant.lifetimes.access_token = 0
        visitor.log_in()
        expired()
        tenant.tenant.token_requests.clear()
        answers = at_once(visitor, ["/token", "/token-async"] * 8)
        assert {each.status_code for each in answers} == {200}
        tokens = {token for each in answers for token in each.text.split()}
        assert len(tokens) == 1
        assert refreshes(tenant) == ["ok"]
        # Whichever of the answers the browser takes last, the session goes on.
        for answer in (answers[0], answers[-1]):
            adopt(visitor, answer)
            assert {visitor.fetch("/token").text} == tokens
        assert refreshes(tenant) == ["ok"]


def test_a_token_that_has_expired_on_arrival_is_not_asked_for_again_and_again(
    app: Flask, visitor: Visitor, tenant: TenantServer, expired: t.Callable[[], None]
) -> None:
    visitor.log_in()
    tenant.tenant.token_requests.clear()
    client = app.extensions["auth0"].client
    look, exchange = client._newest_token, client._exchange
    begun: list[None] = []
    all_have_begun = asyncio.Event()

    async def noted(*args: t.Any) -> t.Any:
        begun.append(None)
        if len(begun) == 8:
            all_have_begun.set()
        return await look(*args)

    async def held(*args: t.Any) -> t.Any:
        # A request that began after the answer would ask once more, and rightly so.
        await asyncio.wait_for(all_have_begun.wait(), 8)
        return await exchange(*args)

    client._newest_token, client._exchange = noted, held
    answers = at_once(visitor, ["/token"] * 8)
    assert {each.status_code for each in answers} == {200}
    assert refreshes(tenant) == ["ok"]


def test_a_forced_refresh_is_shared_as_well(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    before = visitor.fetch("/token").text
    tenant.tenant.token_requests.clear()
    # A request after the answer wants another token.
    tenant.tenant.fail_next_token_request(status=None, delay=0.5)
    answers = at_once(visitor, ["/token?force"] * 8)
    (token,) = {each.text for each in answers}
    assert token != before
    assert refreshes(tenant) == ["ok"]
    adopt(visitor, answers[0])
    assert visitor.fetch("/token").text == token
    assert visitor.fetch("/token?force").text != token
    assert refreshes(tenant) == ["ok", "ok"]


def test_two_audiences_at_once_spend_no_refresh_token_twice(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    for round in range(3):
        tenant.tenant.token_requests.clear()
        paths = [f"/token?audience=https://{round}.{n}.example" for n in range(4)]
        answers = at_once(visitor, paths * 2)
        assert {each.status_code for each in answers} == {200}
        assert refreshes(tenant) == ["ok"] * 4
        adopt(visitor, answers[-1])
    assert visitor.fetch("/token?force").status_code == 200


@pytest.mark.parametrize("status", [500, 503, 400])
def test_a_tenant_that_fails_is_asked_once_and_then_again(
    app: Flask,
    visitor: Visitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
    status: int,
) -> None:
    visitor.log_in()
    expired()
    tenant.tenant.token_requests.clear()
    body = b'{"error": "temporarily_unavailable"}'
    tenant.tenant.fail_next_token_request(status=status, body=body, delay=0.5)
    answers = at_once(visitor, ["/token"] * 8)
    assert {each.status_code for each in answers} == {503}
    assert len(refreshes(tenant)) == 1
    assert visitor.user() is not None
    assert visitor.fetch("/token").status_code == 200
    assert len(refreshes(tenant)) == 2


def test_an_answer_that_comes_too_late_is_not_lost(
    make_app: MakeApp,
    config: dict[str, t.Any],
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
) -> None:
    """The tenant has exchanged the token, so it must not be spent again."""
    app = make_app(config, scope=OFFLINE, audience=API, timeout=1)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    expired()
    tenant.tenant.token_requests.clear()
    client = app.extensions["auth0"].client
    original = client._exchange
    arrived = threading.Event()

    async def slow(*args: t.Any) -> t.Any:
        try:
            return await original(*args)
        finally:
            await asyncio.sleep(1.2)
            arrived.set()

    client._exchange = slow
    assert visitor.fetch("/token").status_code == 503
    assert arrived.wait(5)
    client._exchange = original
    assert visitor.fetch("/token").status_code == 200
    assert refreshes(tenant) == ["ok"]


def test_first_requests_fetch_metadata_and_keys_once(
    make_app: MakeApp, tenant: TenantServer, make_visitor: MakeVisitor
) -> None:
    app = make_app()
    client = app.extensions["auth0"].client
    asked: list[str] = []
    original = client.transports.here

    async def count(response: t.Any) -> None:
        asked.append(response.request.url.path)

    def here() -> t.Any:
        found = original()
        if count not in found.http.event_hooks["response"]:
            found.http.event_hooks["response"].append(count)
        return found

    client.transports.here = here
    callbacks = [
        visitor.authorize(visitor.get("/login"))
        for visitor in (make_visitor(make_app()) for _ in range(1))
    ]
    assert callbacks

    async def both() -> None:
        metadata = await client._get_oidc_metadata_cached(client._config.domain)
        await client._get_jwks_cached(client._config.domain, metadata)

    async def many() -> None:
        await asyncio.gather(*(both() for _ in range(20)))

    with app.app_context():
        loop.run(many(), 10)
    assert sorted(asked) == [
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
    ]


def test_what_was_read_before_another_turn_is_no_loss(
    app: Flask, visitor: Visitor
) -> None:
    """Calls that an async view gathers may forget what one of them has read."""

    @app.get("/change")
    def change() -> t.Any:
        auth0, store = Auth0(), state_of(app).state_store
        before = auth0.run(store.get(KEY))
        assert before is not None
        store.reread(current_request())
        auth0.run(store.set(KEY, {**before, "id_token": None}))
        after = auth0.run(store.get(KEY))
        assert after is not None
        return {"is_kept": after["id_token"] == before["id_token"]}

    visitor.log_in()
    assert visitor.fetch("/change").get_json() == {"is_kept": True}


@pytest.mark.parametrize("config", ["redis"], indirect=True)
def test_a_session_that_is_over_after_a_refresh_gets_no_token(
    app: Flask,
    make_visitor: MakeVisitor,
    visitor: Visitor,
    expired: t.Callable[[], None],
) -> None:
    """A user who has logged out meanwhile is none, in the rest of the view as well."""
    visitor.log_in()
    tab = make_visitor(app)
    for name, value in visitor.cookies().items():
        tab.set_cookie(name, value)
    client = app.extensions["auth0"].client
    original = client._exchange

    async def exchange(*args: t.Any) -> t.Any:
        found = await original(*args)
        running = asyncio.get_running_loop()
        await running.run_in_executor(None, tab.get, "/logout")
        return found

    client._exchange = exchange
    answer = visitor.fetch("/token")
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "login_required"
    assert visitor.user() is None
