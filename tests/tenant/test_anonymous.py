"""Sessions of visitors who have not logged in."""

from __future__ import annotations

import httpx
import pytest
from auth0_server_python.error import (
    AnonymousSessionCreateError,
    AnonymousSessionTokenError,
)

from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.tenant.flow import AUDIENCE, Flow, location
from tests.tenant.sdk import Memory, play, sdk_client


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def test_tokens(flow: Flow, tenant: Tenant) -> None:
    first = flow.call("/anonymous/token", audience=AUDIENCE).json()
    claims = tenant.keys.claims(first["access_token"]) or {}
    assert claims["sub"].startswith("anon@")
    assert claims["aud"] == AUDIENCE
    assert first["session_expires_in"] > first["expires_in"]
    again = flow.call("/anonymous/token", session_token=first["session_token"]).json()
    assert (tenant.keys.claims(again["access_token"]) or {})["sub"] == claims["sub"]
    assert "session_token" not in again


def test_refusals(flow: Flow, server: TenantServer) -> None:
    tenant = server.tenant
    wrong = flow.call("/anonymous/token", session_token="x")
    assert error_of(wrong) == (400, "invalid_session_token")
    for metadata in ({"a": "x" * 1024}, ["a"]):
        large = flow.call("/anonymous/token", metadata=metadata)
        assert error_of(large) == (400, "invalid_request")
    token = flow.call("/anonymous/token").json()["session_token"]
    tenant.clients.append(Client())
    with Flow(server, tenant.clients[1]) as thief:
        stolen = thief.call("/anonymous/token", session_token=token)
    assert error_of(stolen) == (400, "invalid_session_token")
    tenant.anonymous.lifetime = 0
    token = flow.call("/anonymous/token")
    assert error_of(token) == (400, "session_expired")
    tenant.anonymous.enabled = False
    assert error_of(flow.call("/anonymous/token")) == (403, "feature_not_enabled")


def test_with_the_sdk(server: TenantServer, flow: Flow) -> None:
    tenant = server.tenant
    client = sdk_client(server, anonymous_store=Memory())

    async def visit_and_log_in() -> None:
        session = await client.anonymous.create_session(metadata={"cart": "1"})
        token = await client.anonymous.get_token(audience=AUDIENCE)
        assert token.sub == session.sub
        page = flow.http.get(await client.start_interactive_login())
        response = flow.choose(page, person="auth0|ada")
        await client.complete_interactive_login(str(location(response)))
        assert tenant.anonymous.logged_in == {session.sub: "auth0|ada"}
        with pytest.raises(AnonymousSessionTokenError):
            await client.anonymous.get_token()
        tenant.anonymous.enabled = False
        with pytest.raises(AnonymousSessionCreateError, match="not enabled"):
            await client.anonymous.create_session()

    play(client, visit_and_log_in)
