"""The client in an app: connections, time limits, and users kept apart."""

from __future__ import annotations

import asyncio
import os
import threading
import typing as t

import httpx
import pytest
from flask import Flask, g, request, session

from flask_auth0 import Auth0, TenantUnavailable
from flask_auth0.client.client import Client, _on_our_loop
from flask_auth0.tenant import TenantServer
from tests.harness.deadlines import within
from tests.harness.visitor import HOST, MakeApp, MakeVisitor, Visitor

OFFLINE = "openid profile email offline_access"


@pytest.fixture
def app(app_with_tokens: Flask) -> Flask:
    return app_with_tokens


def test_run_sees_the_request(app: Flask) -> None:
    auth0 = Auth0()

    @app.get("/run")
    def run() -> t.Any:
        g.value = "from g"
        session["value"] = "from the session"

        async def look() -> list[t.Any]:
            await asyncio.sleep(0)
            return [g.value, session["value"], request.args["value"]]

        return auth0.run(look())

    values = app.test_client().get("/run?value=from+the+query").get_json()
    assert values == ["from g", "from the session", "from the query"]


def test_run_has_a_time_limit(app: Flask) -> None:
    with app.app_context(), pytest.raises(TenantUnavailable):
        Auth0().run(asyncio.sleep(60), timeout=0.05)


def test_connections_are_kept_between_calls(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other call of the SDK alone makes a new client, with a new handshake."""
    visitor.log_in()
    made: list[t.Any] = []
    original = httpx.AsyncClient.__init__

    def init(self: httpx.AsyncClient, *args: t.Any, **kwargs: t.Any) -> None:
        made.append(self)
        original(self, *args, **kwargs)

    monkeypatch.setattr(httpx.AsyncClient, "__init__", init)
    visitor.log_in()
    visitor.get("/token")
    assert made == []


def test_many_logins_at_once_keep_their_users_apart(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    """The last step alone is concurrent, since the tenant has one switch for all."""
    visitors = [make_visitor(app) for _ in range(20)]
    emails = [f"user{number}@example.com" for number in range(20)]
    callbacks = [
        v.authorize(v.get("/login"), e) for v, e in zip(visitors, emails, strict=True)
    ]
    barrier = threading.Barrier(20)
    statuses: list[int] = []

    def complete(visitor: Visitor, callback: str) -> None:
        barrier.wait()
        statuses.append(visitor.get(callback).status_code)

    threads = [
        threading.Thread(target=complete, args=pair)
        for pair in zip(visitors, callbacks, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [302] * 20
    assert [v.user()["email"] for v in visitors] == emails
    assert len({v.get("/token").text for v in visitors}) == 20


def test_the_tenants_new_keys_are_found(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    tenant.tenant.rotate_keys(keep_old=False)
    assert visitor.log_in().location == "/"


def test_a_development_tenant_is_refused_in_production(
    options: dict[str, t.Any],
    make_visitor: MakeVisitor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cases: list[tuple[dict[str, t.Any], bool]] = [
        ({}, False),
        ({"DEBUG": True}, True),
        ({"TESTING": True}, True),
        ({"AUTH0_ALLOW_DEVELOPMENT_TENANT": "true"}, True),
    ]
    for config, allowed in cases:
        app = Flask(__name__)
        app.config.update(config)
        Auth0(app, **options)
        response = make_visitor(app).get("/login")
        assert (response.status_code == 302) is allowed
        if not allowed:
            assert response.status_code == 500
            assert "development tenant" in caplog.text


@pytest.mark.usefixtures("short_tokens")
def test_the_time_limit_covers_a_whole_call(
    make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    app = make_app(scope=OFFLINE, timeout=1)
    auth0 = Auth0()
    raised: list[Exception] = []

    @app.get("/token")
    def token() -> str:
        try:
            return auth0.get_access_token()
        except TenantUnavailable as error:
            raised.append(error)
            raise

    # The login may take longer on a busy machine.
    patient, visitor = make_visitor(make_app(scope=OFFLINE)), make_visitor(app)
    patient.log_in()
    for name, value in patient.cookies().items():
        visitor.set_cookie(name, value)
    tenant.tenant.fail_next_token_request(status=None, delay=3)
    with within(2.5):
        assert visitor.get("/token").status_code == 503
    assert len(raised) == 1


def test_a_tenants_cookies_are_not_kept(visitor: Visitor) -> None:
    """The connections serve all users, and one user's cookies are not for the next."""
    visitor.log_in()
    connections = visitor.app.extensions["auth0"].client.transports._latest
    request = httpx.Request("GET", "https://tenant.example.com/")
    response = httpx.Response(200, headers={"Set-Cookie": "a=1"}, request=request)
    for client in [connections.http, connections.oauth]:
        client.cookies.extract_cookies(response)
        assert len(client.cookies) == 0


def test_what_waits_for_a_person_has_no_time_limit(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(self: t.Any, options: t.Any, store_options: t.Any = None) -> str:
        await asyncio.sleep(1.2)
        return "approved"

    app = make_app(timeout=1)
    for name, limited in [
        ("backchannel_authentication", False),
        ("start_link_user", True),
    ]:
        slow.__name__ = name
        monkeypatch.setattr(Client, name, _on_our_loop(slow))
        with app.test_request_context(base_url=HOST):
            waiting = getattr(app.extensions["auth0"].client, name)({})
            if limited:
                with pytest.raises(TenantUnavailable):
                    asyncio.run(waiting)
            else:
                assert asyncio.run(waiting) == "approved"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_makes_connections_of_its_own(visitor: Visitor) -> None:
    visitor.log_in()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            # The connections of the test itself have not survived either.
            child = Visitor(visitor.app, visitor.tenant)
            status = int(child.log_in().status_code != 302)
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert visitor.log_in().status_code == 302
