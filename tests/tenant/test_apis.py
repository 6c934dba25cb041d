"""Registered APIs, and what people may do there."""

from __future__ import annotations

from typing import Any

import pytest

from flask_auth0.tenant import Api, Person, Tenant
from tests.tenant.flow import AUDIENCE, Flow, code_of, location

SCOPE = "openid offline_access read:messages write:messages other"


@pytest.fixture(autouse=True)
def api(tenant: Tenant) -> Api:
    api = Api(AUDIENCE, scopes=["read:messages", "write:messages"])
    tenant.apis.append(api)
    return api


@pytest.fixture
def ada(tenant: Tenant) -> None:
    tenant.people[0] = Person(
        "auth0|ada",
        "Ada Lovelace",
        "ada@example.com",
        roles=["admin"],
        permissions=["read:messages", "read:other"],
        claims={"https://example.com/plan": "gold", "given_name": "Ada"},
    )


def access_token(tenant: Tenant, tokens: Any) -> dict[str, Any]:
    claims = tenant.keys.claims(tokens["access_token"])
    assert claims is not None
    return claims


def id_token(tenant: Tenant, tokens: Any) -> dict[str, Any]:
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    return claims


def test_an_access_token(flow: Flow, tenant: Tenant) -> None:
    tokens = flow.tokens(audience=AUDIENCE, scope=SCOPE)
    claims = access_token(tenant, tokens)
    scope = "openid offline_access read:messages write:messages"
    assert tokens["scope"] == claims["scope"] == scope
    assert claims["aud"] == [AUDIENCE, f"{tenant.issuer}userinfo"]
    assert claims["iss"] == tenant.issuer
    assert claims["sub"] == "auth0|ada"
    assert claims["azp"] == tenant.client.client_id
    assert "permissions" not in claims


def test_an_access_token_without_openid(flow: Flow, tenant: Tenant) -> None:
    tokens = flow.tokens(audience=AUDIENCE, scope="read:messages")
    assert access_token(tenant, tokens)["aud"] == AUDIENCE


def test_an_audience_that_is_no_api(flow: Flow) -> None:
    refused = location(flow.authorize(audience='https://"other.example/\u2603')).params
    assert refused["error"] == "access_denied"
    assert refused["error_description"] == "Service not found: https://other.example/"
    assert refused["state"] == "some-state"


def test_refreshing_for_an_audience_that_is_no_api(flow: Flow) -> None:
    refresh_token = flow.tokens()["refresh_token"]
    response = flow.refresh(refresh_token, audience="https://other.example")
    assert response.status_code == 403
    assert response.json() == {
        "error": "access_denied",
        "error_description": "Service not found: https://other.example",
    }
    # The refresh token was not spent.
    assert flow.refresh(refresh_token, audience=AUDIENCE).status_code == 200


def test_without_registered_apis_any_audience_is_good(
    flow: Flow, tenant: Tenant
) -> None:
    tenant.apis.clear()
    tokens = flow.tokens(audience="https://other.example", scope="openid read:messages")
    assert access_token(tenant, tokens)["scope"] == "openid read:messages"


def test_auth0s_own_apis_need_no_registration(flow: Flow, tenant: Tenant) -> None:
    tokens = flow.tokens(audience=f"{tenant.issuer}me/", scope="openid")
    assert access_token(tenant, tokens)["aud"][0] == f"{tenant.issuer}me/"
    code = code_of(flow.authorize(audience=f"{tenant.issuer}userinfo"))
    opaque = flow.exchange(code).json()
    assert tenant.keys.claims(opaque["access_token"]) is None
    assert flow.userinfo(opaque["access_token"]).status_code == 200


@pytest.mark.usefixtures("ada")
def test_role_based_access_control(flow: Flow, tenant: Tenant, api: Api) -> None:
    api.rbac = True
    tokens = flow.tokens(audience=AUDIENCE, scope=SCOPE)
    assert tokens["scope"] == "openid offline_access read:messages"
    assert access_token(tenant, tokens)["permissions"] == ["read:messages"]
    narrow = flow.refresh(tokens["refresh_token"], scope="openid").json()
    assert access_token(tenant, narrow)["permissions"] == ["read:messages"]


def test_nobody_without_permissions_gets_scopes(
    flow: Flow, tenant: Tenant, api: Api
) -> None:
    api.rbac = True
    tokens = flow.tokens(audience=AUDIENCE, scope=SCOPE)
    assert tokens["scope"] == "openid offline_access"
    assert access_token(tenant, tokens)["permissions"] == []


def test_an_api_without_refresh_tokens(flow: Flow, api: Api) -> None:
    api.allow_offline_access = False
    tokens = flow.tokens(audience=AUDIENCE, scope=SCOPE)
    assert "refresh_token" not in tokens
    assert "offline_access" not in tokens["scope"]


def test_the_lifetime_of_an_apis_tokens(flow: Flow, tenant: Tenant, api: Api) -> None:
    api.token_lifetime = 17
    tokens = flow.tokens(audience=AUDIENCE, scope=SCOPE)
    claims = access_token(tenant, tokens)
    assert claims["exp"] - claims["iat"] == tokens["expires_in"] == 17


def test_the_profile_of_rfc_9068(flow: Flow, tenant: Tenant, api: Api) -> None:
    api.rfc9068 = True
    tokens = flow.tokens(audience=AUDIENCE, scope=SCOPE)
    claims = access_token(tenant, tokens)
    assert claims["client_id"] == tenant.client.client_id
    assert "azp" not in claims


@pytest.mark.usefixtures("ada")
def test_claims_of_a_person(flow: Flow, tenant: Tenant) -> None:
    tenant.roles_claim = "https://example.com/roles"
    tenant.permissions_claim = "https://example.com/permissions"
    tokens = flow.tokens(audience=AUDIENCE, scope="openid profile")
    claims = id_token(tenant, tokens)
    assert claims["https://example.com/roles"] == ["admin"]
    assert claims["https://example.com/permissions"] == ["read:messages", "read:other"]
    assert claims["https://example.com/plan"] == "gold"
    assert claims["given_name"] == "Ada"
    assert access_token(tenant, tokens)["https://example.com/roles"] == ["admin"]


@pytest.mark.usefixtures("ada")
def test_standard_claims_of_a_person_need_their_scope(
    flow: Flow, tenant: Tenant
) -> None:
    claims = id_token(tenant, flow.tokens(scope="openid"))
    assert claims["https://example.com/plan"] == "gold"
    assert "given_name" not in claims
    assert "https://example.com/roles" not in claims


@pytest.mark.usefixtures("ada")
def test_permissions_where_no_api_is_registered(flow: Flow, tenant: Tenant) -> None:
    tenant.apis.clear()
    tokens = flow.tokens(audience=AUDIENCE)
    expected = ["read:messages", "read:other"]
    assert access_token(tenant, tokens)["permissions"] == expected
