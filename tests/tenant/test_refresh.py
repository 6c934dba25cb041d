"""Refresh tokens: rotation, reuse, other audiences, revocation."""

from __future__ import annotations

import pytest

from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.tenant.flow import AUDIENCE, CALLBACK, Flow


def test_rotation(flow: Flow, tenant: Tenant) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    claims = tenant.keys.claims(second["id_token"])
    assert claims is not None
    assert claims["sub"] == "auth0|ada"
    assert "nonce" not in claims


def test_reuse_revokes_the_family(flow: Flow) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    assert flow.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert flow.userinfo(second["access_token"]).status_code == 401


def test_reuse_leaves_other_logins_alone(flow: Flow, server: TenantServer) -> None:
    first = flow.tokens()
    with Flow(server) as other:
        tokens = other.tokens()
        flow.refresh(first["refresh_token"])
        flow.refresh(first["refresh_token"])
        assert other.refresh(tokens["refresh_token"]).status_code == 200


def test_without_rotation(flow: Flow, tenant: Tenant) -> None:
    tenant.rotation = False
    refresh_token = flow.tokens()["refresh_token"]
    for _ in range(3):
        response = flow.refresh(refresh_token)
        assert response.status_code == 200
        assert "refresh_token" not in response.json()


def test_another_audience_and_scope(flow: Flow, tenant: Tenant) -> None:
    refresh_token = flow.tokens()["refresh_token"]
    response = flow.refresh(
        refresh_token, audience=AUDIENCE, scope="openid read:messages unknown"
    )
    tokens = response.json()
    assert tokens["scope"] == "openid read:messages"
    claims = tenant.keys.claims(tokens["access_token"])
    assert claims is not None
    assert claims["aud"][0] == AUDIENCE
    # A narrower scope of one refresh does not narrow the refresh token.
    again = flow.refresh(tokens["refresh_token"]).json()
    assert again["scope"] == "openid profile email offline_access"


def test_scope_cannot_grow_for_the_same_audience(flow: Flow) -> None:
    tokens = flow.tokens(audience=AUDIENCE, scope="openid offline_access")
    response = flow.refresh(
        tokens["refresh_token"], scope="openid profile read:messages"
    )
    assert response.json()["scope"] == "openid"


def test_without_openid_there_is_no_id_token(flow: Flow) -> None:
    tokens = flow.tokens(audience=AUDIENCE, scope="openid offline_access read:messages")
    response = flow.refresh(tokens["refresh_token"], scope="read:messages")
    assert "id_token" not in response.json()


def test_refresh_token_of_another_client(flow: Flow, server: TenantServer) -> None:
    other = Client(callbacks=[CALLBACK])
    server.tenant.clients.append(other)
    refresh_token = flow.tokens()["refresh_token"]
    with Flow(server, other) as thief:
        assert thief.refresh(refresh_token).json()["error"] == "invalid_grant"
    assert flow.refresh(refresh_token).status_code == 200


def test_refresh_token_expires(flow: Flow, tenant: Tenant) -> None:
    tenant.lifetimes.refresh_token = 0
    refresh_token = flow.tokens()["refresh_token"]
    assert flow.refresh(refresh_token).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoke(flow: Flow, kind: str) -> None:
    tokens = flow.tokens()
    response = flow.http.post(
        "/oauth/revoke", data={"token": tokens[kind]}, auth=flow.credentials
    )
    assert response.status_code == 200
    assert flow.userinfo(tokens["access_token"]).status_code == 401
    refreshed = flow.refresh(tokens["refresh_token"]).status_code
    assert refreshed == (200 if kind == "access_token" else 400)


def test_revoke_needs_the_client(flow: Flow) -> None:
    token = flow.tokens()["refresh_token"]
    response = flow.http.post("/oauth/revoke", data={"token": token})
    assert response.json()["error"] == "invalid_client"
    assert flow.refresh(token).status_code == 200
