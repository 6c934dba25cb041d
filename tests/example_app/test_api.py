"""Which access tokens the protected API accepts."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from example_app import bearer
from example_app.embedded_tenant import AUDIENCE
from flask_auth0.tenant import Tenant


def claims_for(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    """The claims of a good token, with changes; None leaves a claim out."""
    claims = {
        "iss": tenant.issuer,
        "sub": "auth0|ada",
        "aud": [AUDIENCE, f"{tenant.issuer}userinfo"],
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,
        "scope": "openid profile",
        "azp": "the client",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def call(client: FlaskClient, token: str, path: str = "/api/caller") -> TestResponse:
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def assert_refused(response: TestResponse) -> None:
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert response.get_json()["error"] == "unauthorized"


def test_a_good_token_is_accepted(client: FlaskClient, tenant: Tenant) -> None:
    response = call(client, tenant.keys.sign(claims_for(tenant)))
    assert response.get_json() == {
        "client": "the client",
        "scope": ["openid", "profile"],
        "subject": "auth0|ada",
    }
    assert response.headers["Cache-Control"] == "no-store"


def test_a_token_of_a_new_key_is_accepted(client: FlaskClient, tenant: Tenant) -> None:
    assert call(client, tenant.keys.sign(claims_for(tenant))).status_code == 200
    key_set = client.application.extensions["api_verifier"]._key_set
    assert key_set.cooldown_duration <= 1
    key_set.cooldown_duration = 0
    tenant.rotate_keys()
    assert call(client, tenant.keys.sign(claims_for(tenant))).status_code == 200


def test_the_lifetime_is_counted_down(client: FlaskClient, tenant: Tenant) -> None:
    token = tenant.keys.sign(claims_for(tenant))
    left = call(client, token, "/api/lifetime").get_json()["seconds_left"]
    assert 0 < left <= 60


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "nonsense"},
    ],
)
def test_no_token_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    response = client.get("/api/caller", headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"nbf": int(time.time()) + 10**6},
        {"aud": "https://another.api.example"},
        {"aud": ["https://another.api.example"]},
        {"aud": None},
        {"iss": "https://another.tenant.example/"},
        {"iss": None},
        {"sub": None},
    ],
    # The same in each process, which the moments are not.
    ids=range(9),
)
def test_wrong_claims_are_refused(
    client: FlaskClient, tenant: Tenant, changes: dict[str, Any]
) -> None:
    assert_refused(call(client, tenant.keys.sign(claims_for(tenant, **changes))))


def test_a_signature_of_another_key_is_refused(
    client: FlaskClient, tenant: Tenant
) -> None:
    key = RSAKey.generate_key(2048, {"kid": tenant.keys.kid})
    header = {"alg": "RS256", "kid": tenant.keys.kid}
    assert_refused(call(client, jwt.encode(header, claims_for(tenant), key)))


def test_an_unknown_key_is_refused(client: FlaskClient, tenant: Tenant) -> None:
    key = RSAKey.generate_key(2048)
    header = {"alg": "RS256", "kid": "unknown"}
    assert_refused(call(client, jwt.encode(header, claims_for(tenant), key)))


def test_the_public_key_is_no_shared_secret(
    client: FlaskClient, tenant: Tenant
) -> None:
    header = json.dumps({"alg": "HS256", "kid": tenant.keys.kid})
    parts = [header.encode(), json.dumps(claims_for(tenant)).encode()]
    signed = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    public = tenant.keys.published[0].as_pem(private=False)
    signature = urlsafe_b64encode(hmac.digest(public, signed, "sha256")).rstrip(b"=")
    assert_refused(call(client, f"{signed.decode()}.{signature.decode()}"))


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "ü.ü.ü"])
def test_rubbish_is_refused(client: FlaskClient, tenant: Tenant, token: str) -> None:
    assert_refused(call(client, token))


def test_a_tampered_token_is_refused(client: FlaskClient, tenant: Tenant) -> None:
    good = tenant.keys.sign(claims_for(tenant)).split(".")
    other = tenant.keys.sign(claims_for(tenant, sub="auth0|grace")).split(".")
    assert_refused(call(client, ".".join([good[0], other[1], good[2]])))


def test_a_tenant_that_is_down_is_no_refusal(app: Flask, tenant: Tenant) -> None:
    verifier = bearer.AccessTokenVerifier("127.0.0.1:1", AUDIENCE)
    app.extensions["api_verifier"] = verifier
    response = call(app.test_client(), tenant.keys.sign(claims_for(tenant)))
    assert response.status_code == 503
    assert response.headers["Retry-After"]


@pytest.mark.parametrize("body", ["rubbish", "[]", "{}"])
def test_a_tenant_that_answers_rubbish_is_no_refusal(
    app: Flask, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    request = httpx.Request("GET", "https://127.0.0.1")
    response = httpx.Response(200, text=body, request=request)
    monkeypatch.setattr(httpx, "get", lambda *args, **kwargs: response)
    answer = call(app.test_client(), tenant.keys.sign(claims_for(tenant)))
    assert answer.status_code == 503


def test_without_an_audience_the_api_says_what_to_set(
    app: Flask, tenant: Tenant
) -> None:
    app.extensions["api_verifier"] = None
    response = call(app.test_client(), tenant.keys.sign(claims_for(tenant)))
    assert response.status_code == 503
    assert "AUTH0_AUDIENCE" in response.get_json()["error_description"]
