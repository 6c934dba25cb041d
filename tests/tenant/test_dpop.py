"""DPoP: tokens that are good with a key only."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from auth0_server_python.auth_schemes.dpop_auth import (
    DPoPAuth,
    make_dpop_proof_for_token_endpoint,
)
from jwcrypto import jwk, jwt

from flask_auth0.tenant import Tenant
from tests.tenant.flow import Flow

GRANT = "http://auth0.com/oauth/grant-type/passwordless/otp"
ADA = "ada@example.com"


@pytest.fixture(scope="module")
def key() -> Any:
    return jwk.JWK.generate(kty="EC", crv="P-256")


def log_in(flow: Flow, proof: str, **fields: str) -> httpx.Response:
    tenant = flow.server.tenant
    code = tenant.passwordless.new(tenant.client.client_id, ADA)
    form = {"realm": "email", "username": ADA, "otp": code, "scope": "openid"}
    return flow.http.post(
        "/oauth/token",
        data={"grant_type": GRANT, **form, **fields},
        auth=flow.credentials,
        headers={"DPoP": proof},
    )


def made_proof(key: Any, **changes: Any) -> str:
    claims = {"htm": "POST", "iat": int(time.time()), "jti": "x", **changes}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.export_public(as_dict=True)}
    token = jwt.JWT(header=header, claims=claims)
    token.make_signed_token(key)
    proof: str = token.serialize()
    return proof


def test_proof(flow: Flow, key: Any) -> None:
    url = f"{flow.server.url}/oauth/token"
    proof = make_dpop_proof_for_token_endpoint(key, "POST", url)
    assert log_in(flow, proof).json()["token_type"] == "DPoP"
    again = log_in(flow, proof)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize(
    "changes",
    [{"htm": "GET"}, {"htu": "https://evil.example/"}, {"iat": 1}, {"jti": ""}],
)
def test_proof_of_something_else(flow: Flow, key: Any, changes: Any) -> None:
    proof = made_proof(key, **{"htu": f"{flow.server.url}/oauth/token", **changes})
    assert log_in(flow, proof).json()["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("proof", ["", "x", "a.b.c"])
def test_proof_of_nothing(flow: Flow, proof: str) -> None:
    assert log_in(flow, proof).json()["error"] == "invalid_dpop_proof"


def test_nonce(flow: Flow, tenant: Tenant, key: Any) -> None:
    tenant.dpop_nonce = "a-nonce"
    url = f"{flow.server.url}/oauth/token"
    response = log_in(flow, make_dpop_proof_for_token_endpoint(key, "POST", url))
    assert (response.status_code, response.json()["error"]) == (400, "use_dpop_nonce")
    assert response.headers["dpop-nonce"] == "a-nonce"


def test_api_wants_the_key(flow: Flow, tenant: Tenant, key: Any) -> None:
    url = f"{flow.server.url}/oauth/token"
    token = log_in(
        flow,
        make_dpop_proof_for_token_endpoint(key, "POST", url),
        audience=f"{tenant.issuer}me/",
        scope="openid read:me:factors",
    ).json()["access_token"]
    path = "/me/v1/factors"
    bearer = {"Authorization": f"Bearer {token}"}
    assert flow.http.get(path, headers=bearer).status_code == 401
    bare = {"Authorization": f"DPoP {token}"}
    assert flow.http.get(path, headers=bare).status_code == 401
    assert flow.http.get(path, auth=DPoPAuth(token, key)).status_code == 200
    other = jwk.JWK.generate(kty="EC", crv="P-256")
    assert flow.http.get(path, auth=DPoPAuth(token, other)).status_code == 401
