"""Logins in the thread of their request, and the other way where that cannot be."""

from __future__ import annotations

import asyncio
import time
import types
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.client import server_client
from flask_auth0.client.server_client import LoopClient
from flask_auth0.client.thread_http import ThreadHttp
from flask_auth0.runtime import loop
from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.harness.own_stores import SlowTransactions
from tests.harness.processes import until
from tests.harness.visitor import (
    ADA,
    GRACE,
    HOST,
    SECRET,
    MakeApp,
    MakeVisitor,
    Visitor,
)

#: Seconds that a login may take.
LIMIT = 3


@pytest.fixture(params=["direct", "on the loop"])
def either_app(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    """An app whose logins go one way or the other."""
    if request.param == "direct":
        return make_app(timeout=LIMIT)
    return make_app(timeout=LIMIT, transaction_store=SlowTransactions())


@pytest.fixture
def either(either_app: Flask, make_visitor: MakeVisitor) -> Visitor:
    """A visitor of such an app, which knows the tenant by now."""
    visitor = make_visitor(either_app)
    visitor.log_in()
    visitor.get("/logout")
    return visitor


@pytest.fixture
def away_from_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing run on the event loop."""

    def run(coroutine: t.Any, timeout: float) -> t.Any:
        coroutine.close()
        raise AssertionError("This needs no event loop.")

    monkeypatch.setattr(loop, "run", run)


def test_a_login_either_way(
    either: Visitor, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[str] = []
    post = ThreadHttp.post

    def counted(self: ThreadHttp, url: str, *args: t.Any) -> t.Any:
        posted.append(url)
        return post(self, url, *args)

    monkeypatch.setattr(ThreadHttp, "post", counted)
    assert either.log_in().status_code == 302
    assert either.user()["email"] == ADA
    assert len(posted) == (request.node.callspec.params["either_app"] == "direct")


FAILURES = [
    ({"status": None, "delay": LIMIT + 2}, 503),
    ({"status": 500}, 503),
    ({"status": 429, "body": b"{}"}, 503),
    ({"status": 200, "body": b"<html>"}, 502),
    ({"status": 302, "body": b""}, 502),
    ({"status": 401, "body": b'{"error": "invalid_client"}'}, 502),
    ({"status": 400, "body": b'{"error": "invalid_grant"}'}, 400),
]


@pytest.mark.crossed
@pytest.mark.parametrize(("failure", "status"), FAILURES)
def test_a_tenant_that_fails_fails_alike(
    either: Visitor, tenant: TenantServer, failure: dict[str, t.Any], status: int
) -> None:
    callback = either.authorize(either.get("/login"))
    tenant.tenant.fail_next_token_request(**failure)
    assert either.get(callback).status_code == status
    assert either.user() is None
    until(lambda: either.log_in().status_code == 302, "one can log in again")


def test_an_id_token_of_another_login_is_refused_alike(
    either: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["nonce"] = "of-another-login"
    assert either.log_in().status_code == 502
    assert either.user() is None
    del tenant.tenant.extra_claims["nonce"]
    assert either.log_in().status_code == 302


def test_a_login_needs_no_event_loop(
    visitor: Visitor, request: pytest.FixtureRequest
) -> None:
    # The first one asks the tenant about itself, and the second one connects.
    for _ in range(2):
        visitor.log_in()
    callback = visitor.authorize(visitor.get("/login"))
    request.getfixturevalue("away_from_the_loop")
    assert visitor.get(callback).status_code == 302
    assert visitor.user()["email"] == ADA
    assert "/authorize" in visitor.get("/login?prompt=login").location


def test_one_connection_serves_one_login_after_another(
    visitor: Visitor, made: list[int]
) -> None:
    for _ in range(5):
        assert visitor.log_in().status_code == 302
    assert len(made) == 1


def test_a_connection_lasts_for_most_of_a_minute(
    visitor: Visitor, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monotonic, later = time.monotonic, [0]
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + later[0])
    for _ in range(2):
        visitor.log_in()
    for seconds, connections in [(40, 1), (100, 2)]:
        later[0] = seconds
        assert visitor.log_in().status_code == 302
        assert len(made) == connections


def test_what_waits_for_an_event_loop_is_refused() -> None:
    with pytest.raises(RuntimeError, match="waits for an event loop"):
        server_client.run_without_loop(asyncio.sleep(0))


def test_each_login_has_an_oauth_client_of_its_own(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Authlib keeps the last token on it, which may be another user's."""
    clients: list[t.Any] = []
    verify = LoopClient._verify_and_decode_jwt

    async def seen(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        clients.append(self._oauth)
        return await verify(self, *args, **kwargs)

    # The first one asks the tenant about itself, on the event loop.
    visitor.log_in()
    monkeypatch.setattr(LoopClient, "_verify_and_decode_jwt", seen)
    visitor.log_in()
    visitor.log_in()
    first, second = clients
    assert first is not second


def test_keys_that_somebody_else_brings_meanwhile(
    app: Flask,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, grace = make_visitor(app), make_visitor(app)
    ada.log_in()
    slow = ada.authorize(ada.get("/login"))
    quick = grace.authorize(grace.get("/login"), GRACE)
    tenant.tenant.rotate_keys(keep_old=True)
    post = ThreadHttp.post
    statuses: list[int] = []

    def overtaken(self: ThreadHttp, *args: t.Any) -> t.Any:
        answer = post(self, *args)
        if not statuses:
            statuses.append(0)
            statuses.append(grace.get(quick).status_code)
        return answer

    monkeypatch.setattr(ThreadHttp, "post", overtaken)
    assert ada.get(slow).status_code == 302
    assert statuses == [0, 302]


def test_a_tenant_at_an_ipv6_address(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(
        client_id="the-client",
        client_secret="the-client-secret",
        callbacks=[f"{HOST}/callback"],
    )
    with TenantServer(Tenant(clients=[client]), host="::1") as server:
        monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
        app = Flask(__name__)
        app.testing = True
        Auth0(
            app,
            domain=server.domain,
            client_id="the-client",
            client_secret="the-client-secret",
            secret=SECRET,
        )
        visitor = Visitor(app, server)
        with visitor.http:
            for _ in range(2):
                assert visitor.log_in().status_code == 302


def test_an_async_hook_where_an_event_loop_runs(
    make_visitor: MakeVisitor, options: dict[str, t.Any]
) -> None:
    """An event loop runs in the thread, as in an async test or a notebook."""
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)
    called: list[str] = []

    @auth0.before_session_saved
    async def note(session: t.Any) -> None:
        await asyncio.sleep(0)
        called.append(session["user"]["email"])

    visitor = make_visitor(app)
    visitor.log_in(GRACE)

    async def log_in() -> int:
        return visitor.log_in().status_code

    assert asyncio.run(log_in()) == 302
    assert called == [GRACE, ADA]


def test_greenlets_leave_it_to_the_event_loop(
    visitor: Visitor, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.log_in()
    gevent = types.SimpleNamespace(are_threads=lambda: True)
    monkeypatch.setattr(server_client, "greenlets", gevent)
    assert visitor.log_in().status_code == 302
    assert made == []


def test_a_domain_that_is_none(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    # The start refuses most of them, but only resolvers know how long names may be.
    visitor = make_visitor(make_app(domain="a" * 64 + ".example"))
    assert visitor.get("/login").status_code == 503
