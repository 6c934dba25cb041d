"""Clients that sign for themselves: ``private_key_jwt`` (RFC 7523)."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from typing import Any

import jwt
import pytest
from auth0_server_python.auth_schemes.client_assertion import (
    CLIENT_ASSERTION_TYPE,
    build_client_assertion,
)
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from flask_auth0.tenant import Tenant
from tests.tenant.flow import Flow, exchange_form

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

KEYS: dict[str, PrivateKey] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}
KEYS["RS384"] = KEYS["PS256"] = KEYS["RS256"]


def private_pem(key: PrivateKey) -> str:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private.decode()


def public_pem(key: PrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(autouse=True)
def _registered(tenant: Tenant) -> None:
    tenant.client.token_endpoint_auth_method = "private_key_jwt"
    tenant.client.public_keys = [public_pem(KEYS["ES256"]), public_pem(KEYS["RS256"])]


def assertion(tenant: Tenant, alg: str = "RS256", **changes: Any) -> dict[str, str]:
    """What is added to a form; a change to ``None`` leaves a claim out."""
    now, client_id = int(time.time()), tenant.client.client_id
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": tenant.issuer,
        "exp": now + 60,
        "jti": secrets.token_urlsafe(12),
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    signed = jwt.encode(claims, private_pem(KEYS[alg]), algorithm=alg)
    return {
        "client_assertion_type": CLIENT_ASSERTION_TYPE,
        "client_assertion": signed,
    }


def redeem(flow: Flow, proof: dict[str, str], **changes: str) -> tuple[int, str]:
    form = exchange_form("made-up", **proof, **changes)
    response = flow.http.post("/oauth/token", data=form)
    return response.status_code, response.json()["error"]


#: Who the client is was accepted, and the code was not.
ACCEPTED = (400, "invalid_grant")
REFUSED = (401, "invalid_client")


@pytest.mark.parametrize("alg", ["RS256", "RS384", "PS256", "ES256"])
def test_the_sdks_assertions(flow: Flow, tenant: Tenant, alg: str) -> None:
    client_id = tenant.client.client_id
    signed = build_client_assertion(
        private_pem(KEYS[alg]), client_id, tenant.issuer, alg
    )
    form = {
        **exchange_form(flow.log_in()),
        "client_id": client_id,
        "client_assertion": signed,
        "client_assertion_type": CLIENT_ASSERTION_TYPE,
    }
    response = flow.http.post("/oauth/token", data=form)
    assert response.status_code == 200, response.text
    assert "id_token" in response.json()


def test_an_assertion_may_name_the_token_endpoint(flow: Flow, tenant: Tenant) -> None:
    endpoint = f"{tenant.url}/oauth/token"
    assert redeem(flow, assertion(tenant, aud=endpoint)) == ACCEPTED


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example/"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"jti": None},
        {"iss": "somebody-else"},
        {"iss": None},
        {"sub": None},
        {"sub": "somebody-else"},
    ],
    ids=lambda changes: "-".join(map(str, *changes.items())),
)
def test_an_assertion_for_something_else(
    flow: Flow, tenant: Tenant, changes: dict[str, Any]
) -> None:
    assert redeem(flow, assertion(tenant, **changes)) == REFUSED


def test_an_assertion_is_good_once(flow: Flow, tenant: Tenant) -> None:
    proof = assertion(tenant)
    assert redeem(flow, proof) == ACCEPTED
    assert redeem(flow, proof) == REFUSED


def test_the_key_has_to_be_the_clients(flow: Flow, tenant: Tenant) -> None:
    other = rsa.generate_private_key(65537, 2048)
    tenant.client.public_keys = [public_pem(other)]
    assert redeem(flow, assertion(tenant)) == REFUSED


def test_the_algorithm_has_to_be_the_registered_one(flow: Flow, tenant: Tenant) -> None:
    tenant.client.token_endpoint_auth_signing_alg = "PS256"
    assert redeem(flow, assertion(tenant, "RS256")) == REFUSED
    assert redeem(flow, assertion(tenant, "PS256")) == ACCEPTED


def test_a_public_key_is_no_secret_to_sign_with(flow: Flow, tenant: Tenant) -> None:
    signed = assertion(tenant)["client_assertion"].split(".")
    for alg in ("HS256", "none"):
        header = encoded(json.dumps({"alg": alg}).encode())
        content = f"{header}.{signed[1]}"
        secret = tenant.client.public_keys[1].encode()
        by_hmac = encoded(hmac.digest(secret, content.encode(), "sha256"))
        signature = by_hmac if alg == "HS256" else ""
        proof = assertion(tenant) | {"client_assertion": f"{content}.{signature}"}
        assert redeem(flow, proof) == REFUSED


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize("rubbish", ["x", "a.b.c", "e30.e30.e30", "\u2603"])
def test_what_is_no_assertion(flow: Flow, tenant: Tenant, rubbish: str) -> None:
    proof = assertion(tenant) | {"client_assertion": rubbish}
    assert redeem(flow, proof) == REFUSED


def test_the_client_id_has_to_be_the_same(flow: Flow, tenant: Tenant) -> None:
    assert redeem(flow, assertion(tenant), client_id="other") == REFUSED


def test_a_secret_will_not_do(flow: Flow, tenant: Tenant) -> None:
    client_id, client_secret = flow.credentials
    by_post = {"client_id": client_id, "client_secret": client_secret}
    assert redeem(flow, by_post) == REFUSED
    assert flow.exchange("made-up").status_code == 401
    assert redeem(flow, {"client_id": client_id}) == REFUSED


def test_more_than_one_credential(flow: Flow, tenant: Tenant) -> None:
    proof = assertion(tenant)
    assert redeem(flow, proof, client_secret=tenant.client.client_secret) == REFUSED


def test_an_assertion_will_not_do_for_a_client_with_a_secret(
    flow: Flow, tenant: Tenant
) -> None:
    tenant.client.token_endpoint_auth_method = "client_secret_basic"
    assert redeem(flow, assertion(tenant)) == REFUSED
    assert flow.exchange("made-up").json()["error"] == "invalid_grant"
    by_post = dict(zip(("client_id", "client_secret"), flow.credentials, strict=True))
    assert redeem(flow, by_post) == REFUSED


def test_refreshing_and_revoking(flow: Flow, tenant: Tenant) -> None:
    form = exchange_form(flow.log_in(), **assertion(tenant))
    tokens = flow.http.post("/oauth/token", data=form).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = flow.http.post("/oauth/token", data=form | assertion(tenant)).json()
    form = {"token": refreshed["refresh_token"]}
    assert flow.http.post("/oauth/revoke", data=form).status_code == 401
    response = flow.http.post("/oauth/revoke", data=form | assertion(tenant))
    assert response.status_code == 200
    assert flow.userinfo(refreshed["access_token"]).status_code == 401
