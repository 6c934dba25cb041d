"""Each tenant has its own documents, keys, connections and circuit breaker."""

from __future__ import annotations

import asyncio
import typing as t

import httpx
import pytest
from flask import Flask

from flask_auth0 import bearer_required, current_user
from flask_auth0.client.breaker import Breakers
from flask_auth0.client.discovery import Discovery
from flask_auth0.client.kept_connections import HostTransports, KeptTransport
from flask_auth0.client.per_domain import PerDomain
from flask_auth0.sessions.domains import MOST_DOMAINS
from flask_auth0.tenant import TenantServer
from tests.harness.access_tokens import make_token
from tests.harness.breakers import refused
from tests.harness.domains import Function, Place
from tests.harness.visitor import ADA

from .conftest import MakeOwn, Places


@pytest.fixture
def kind() -> str:
    return "plain"


def test_one_is_down_while_the_other_works(
    places: Places, app: Flask, function: Function
) -> None:
    first, second = places
    first.log_in()
    # Nothing listens there.
    function.domains[second.host] = "127.0.0.1:9"
    for _ in range(2):
        assert second.get("/login").status_code == 503
    breakers = app.extensions["auth0"].client.transports.breakers
    assert refused(breakers.of("127.0.0.1:9"))
    assert not refused(breakers.of(first.tenant.domain))
    assert first.fetch("/token").status_code == 200
    assert first.fetch("/async-token").status_code == 200
    first.get("/logout")
    first.log_in()
    assert first.user()["email"] == ADA


def test_a_session_outlives_an_outage_of_its_tenant(
    places: Places, function: Function, app: Flask
) -> None:
    first, second = places
    first.log_in()
    second.log_in()
    breakers = app.extensions["auth0"].client.transports.breakers
    breakers.of(second.tenant.domain).failed(float("inf"))
    assert second.fetch("/token").status_code == 503
    assert second.user()["email"] == ADA
    assert first.fetch("/token").status_code == 200


def test_keys_of_one_tenant_sign_nothing_for_the_other(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = places
    first.log_in()
    second.log_in()
    second.get("/logout")
    sign = first.tenant.tenant.keys.sign
    monkeypatch.setattr(second.tenant.tenant.keys, "sign", sign)
    answer = second.get(second.authorize())
    assert answer.status_code in {502, 503}
    assert second.user() is None


def test_only_so_many_are_remembered(app: Flask) -> None:
    discovery: Discovery = app.extensions["auth0"].client.discovery
    for number in range(3 * MOST_DOMAINS):
        for what in ("metadata", "jwks"):
            discovery._note(what, f"tenant-{number}.example", {})
    assert len(discovery._told) == 2 * MOST_DOMAINS
    newest = f"tenant-{3 * MOST_DOMAINS - 1}.example"
    assert discovery.known("metadata", newest) == {}
    assert discovery.known("metadata", "tenant-0.example") is None


def test_the_oldest_go_first() -> None:
    dropped: list[list[str]] = []
    made: PerDomain[list[str]] = PerDomain(list, dropped.append)
    first = made.of("first.example")
    assert made.of("first.example") is first
    for number in range(MOST_DOMAINS):
        made.of(f"tenant-{number}.example")
    assert len(made.all()) == MOST_DOMAINS
    assert len(dropped) == 1
    assert dropped[0] is first


def test_an_app_with_one_domain_has_one_breaker() -> None:
    made = Breakers(t.cast(t.Any, object), are_several=False)
    assert made.of("tenant.example") is made.of("other.example") is made.only
    made = Breakers(t.cast(t.Any, object), are_several=True)
    assert made.of("tenant.example") is not made.of("other.example")


def test_connections_to_hosts_are_apart_and_closed_when_they_go() -> None:
    closed: list[str] = []

    class Noted(httpx.AsyncBaseTransport):
        host = ""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            assert self.host in {"", request.url.host}
            self.host = request.url.host
            return httpx.Response(200)

        async def aclose(self) -> None:
            closed.append(self.host)

    async def ask() -> None:
        transports = HostTransports(lambda: KeptTransport(Noted, linger=0))
        for number in range(MOST_DOMAINS + 2):
            for _ in range(2):
                url = f"https://tenant-{number}.example/"
                await transports.handle_async_request(httpx.Request("GET", url))
        while len(closed) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert closed == ["tenant-0.example", "tenant-1.example"]
        await transports.aclose()
        assert len(closed) == MOST_DOMAINS + 2

    asyncio.run(asyncio.wait_for(ask(), 10))


def test_access_tokens_are_those_of_the_hosts_tenant(
    make_own: MakeOwn, tenants: dict[str, TenantServer]
) -> None:
    app = make_own(audience="https://api.example.com")

    @app.get("/api")
    @bearer_required
    def api() -> str:
        return str(current_user["iss"])

    for host, tenant in tenants.items():
        token = make_token(tenant.tenant)
        for other in tenants:
            place = Place(app.test_client(), other, tenants[other])
            for _ in range(2):
                answer = place.fetch("/api", Authorization=f"Bearer {token}")
                assert answer.status_code == (200 if other == host else 401)
                if other == host:
                    assert answer.text == tenant.tenant.issuer
