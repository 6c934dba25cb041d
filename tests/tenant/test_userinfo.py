"""What ``/userinfo`` says, as JSON and signed."""

from __future__ import annotations

from flask_auth0.tenant import Tenant
from tests.tenant.flow import Flow


def test_a_signed_answer(flow: Flow, tenant: Tenant) -> None:
    tenant.client.userinfo_signed_response_alg = "RS256"
    response = flow.userinfo(flow.tokens()["access_token"])
    assert response.headers["content-type"].startswith("application/jwt")
    claims = tenant.keys.claims(response.text)
    assert claims is not None
    assert claims["iss"] == tenant.issuer
    assert claims["aud"] == tenant.client.client_id
    assert claims["sub"] == "auth0|ada"
    assert claims["email"] == "ada@example.com"


def test_claims_that_no_token_has(flow: Flow, tenant: Tenant) -> None:
    tenant.userinfo_claims["https://example.com/plan"] = "gold"
    tokens = flow.tokens()
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    assert "https://example.com/plan" not in claims
    said = flow.userinfo(tokens["access_token"]).json()
    assert said["https://example.com/plan"] == "gold"


def test_somebody_else(flow: Flow, tenant: Tenant) -> None:
    tenant.userinfo_claims["sub"] = "auth0|somebody-else"
    said = flow.userinfo(flow.tokens()["access_token"]).json()
    assert said["sub"] == "auth0|somebody-else"
