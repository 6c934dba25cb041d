"""What the SDK alone gets wrong, and that it still does."""

from __future__ import annotations

import asyncio
import time
import typing as t

import httpx
import pytest
from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.error import AccessTokenError
from auth0_server_python.store import StateStore
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.sessions.storage_contract import KEY
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp, Visitor

OFFLINE = "openid profile email offline_access"
API = "https://api.example.com"
NOW = int(time.time())


def plain_client(tenant: TenantServer, store: t.Any = None) -> t.Any:
    """The SDK's client, as it is."""
    client: t.Any = ServerClient(
        domain=tenant.domain,
        client_id="the-client",
        client_secret="the-client-secret",
        secret="s" * 64,
        state_store=store or object(),
        transaction_store=store or object(),
        authorization_params={"scope": OFFLINE, "audience": API},
    )
    tls = httpx.create_ssl_context()
    # The SDK makes a new context for each request, which would take most of the time.
    client._get_http_client = lambda **kwargs: httpx.AsyncClient(verify=tls, **kwargs)
    return client


async def refreshes_of_the_sdk(
    tenant: TenantServer, state: t.Any, many: int = 1, **call: t.Any
) -> list[str]:
    """What the tenant says to calls of the SDK alone, with a store in memory."""
    kept: dict[str, t.Any] = {}

    class InMemory(StateStore):
        async def get(self, identifier: str, options: t.Any = None) -> t.Any:
            return kept.get(identifier)

        async def set(
            self, identifier: str, state: t.Any, *_: t.Any, **__: t.Any
        ) -> None:
            kept[identifier] = state

        async def delete(self, identifier: str, options: t.Any = None) -> None:
            kept.pop(identifier)

    client = plain_client(tenant, InMemory({}))
    kept[client._state_identifier] = state
    tenant.tenant.token_requests.clear()
    asking = [client.get_access_token(**call) for _ in range(many)]
    await asyncio.gather(*asking, return_exceptions=True)
    return [each.outcome for each in tenant.tenant.token_requests]


@pytest.fixture
def state(app: Flask, visitor: Visitor, tenant: TenantServer) -> t.Any:
    """A real state whose access token has expired."""

    @app.get("/state")
    def state() -> t.Any:
        return Auth0().run(state_of(app).state_store.get(KEY))

    before = tenant.tenant.lifetimes.access_token
    tenant.tenant.lifetimes.access_token = 0
    visitor.log_in()
    tenant.tenant.lifetimes.access_token = before
    return visitor.fetch("/state").get_json()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(scope=OFFLINE, audience=API)


def test_the_sdk_alone_refreshes_as_often_as_it_is_called(
    state: t.Any, tenant: TenantServer
) -> None:
    asking = refreshes_of_the_sdk(tenant, state, 50)
    found = asyncio.run(asking)
    assert len(found) == 50
    # And to spend one refresh token twice ends the session.
    assert found.count("ok") <= 1
    assert "invalid_grant" in found


def test_the_sdk_alone_refreshes_each_time_for_a_narrower_scope(
    state: t.Any, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant.tenant, "rotation", False)
    state["token_sets"][0]["expires_at"] = NOW + 600
    for _ in range(3):
        asking = refreshes_of_the_sdk(tenant, state, scope="write:everything")
        assert asyncio.run(asking) == ["ok"]


def test_the_sdk_alone_returns_a_token_until_its_last_second(
    state: t.Any, tenant: TenantServer
) -> None:
    state["token_sets"][0]["expires_at"] = time.time() + 20
    asking = refreshes_of_the_sdk(tenant, state)
    assert asyncio.run(asking) == []


def test_the_sdk_alone_fails_with_a_text_as_lifetime(tenant: TenantServer) -> None:
    """The tenant has spent the refresh token by then."""
    answer = b'{"access_token": "text", "token_type": "Bearer", "expires_in": "3600"}'
    tenant.tenant.fail_next_token_request(status=200, body=answer)
    client = plain_client(tenant)
    with pytest.raises(AccessTokenError) as caught:
        asyncio.run(client.get_token_by_refresh_token({"refresh_token": "any"}))
    assert isinstance(caught.value.cause, TypeError)


def test_the_sdk_alone_does_not_look_for_newer_keys(
    tenant: TenantServer,
) -> None:
    client = plain_client(tenant)

    async def verify() -> None:
        before = await client._get_jwks_cached(tenant.domain)
        tenant.tenant.rotate_keys()
        token = tenant.tenant.keys.sign({"aud": "the-client"})
        jwks = await client._get_jwks_cached(tenant.domain)
        assert jwks == before
        await client._verify_and_decode_jwt(token, jwks, audience="the-client")

    with pytest.raises(ValueError, match="No matching key found"):
        asyncio.run(verify())
