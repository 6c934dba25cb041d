"""Which logout tokens are taken."""

from __future__ import annotations

import base64
import json
import time
import typing as t

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.logout_tokens import (
    EVENT,
    make_claims,
    make_token,
    post,
    sid_of,
    sub_of,
)
from tests.harness.visitor import ADA, MakeApp, Visitor


@pytest.fixture
def settings(redis_settings: dict[str, t.Any]) -> dict[str, t.Any]:
    return redis_settings


@pytest.fixture
def app(make_app: MakeApp, settings: dict[str, t.Any]) -> Flask:
    return make_app(settings)


@pytest.mark.parametrize("typ", ["logout+jwt", "application/logout+jwt", "JWT"])
def test_names_of_the_type(visitor: Visitor, tenant: TenantServer, typ: str) -> None:
    visitor.log_in()
    token = make_token(tenant.tenant, typ, sub=sub_of(visitor))
    assert post(visitor, token).status_code == 200
    assert visitor.user() is None


BAD_CLAIMS: dict[str, dict[str, t.Any]] = {
    "nonce": {"nonce": "n"},
    "empty nonce": {"nonce": ""},
    "no event": {"events": None},
    "another event": {"events": {"http://example.com/event": {}}},
    "event is no object": {"events": {EVENT: "yes"}},
    "events is a text": {"events": EVENT},
    "nobody": {"sub": None, "sid": None},
    "empty names": {"sub": "", "sid": ""},
    "sid is a number": {"sid": 7},
    "sub is a list": {"sub": ["auth0|ada"], "sid": None},
    "no jti": {"jti": None},
    "jti is a number": {"jti": 7},
    "another issuer": {"iss": "https://evil.example/"},
    "no issuer": {"iss": None},
    "issuer without its slash": {"iss": "https://127.0.0.1"},
    "another audience": {"aud": "somebody-else"},
    "no audience": {"aud": None},
    "another party": {"azp": "somebody-else"},
    "no iat": {"iat": None},
    "iat is a text": {"iat": "now"},
    "iat is before all time": {"iat": -1},
    "no exp": {"exp": None},
    "exp is a text": {"exp": "later"},
    "exp is after all time": {"exp": 10**400},
    "expired": {"iat": 10**9, "exp": 10**9 + 60},
    "from the future": {"iat": 10**10, "exp": 10**10 + 60},
}


@pytest.mark.parametrize("changes", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_claims_that_end_nothing(
    visitor: Visitor, tenant: TenantServer, changes: dict[str, t.Any]
) -> None:
    visitor.log_in()
    names = {"sub": sub_of(visitor), "sid": sid_of(visitor)}
    told = post(visitor, make_token(tenant.tenant, **{**names, **changes}))
    assert told.status_code == 400
    assert told.headers["Cache-Control"] == "no-store"
    assert told.get_json()["error"] == "invalid_request"
    assert visitor.user()["email"] == ADA


@pytest.mark.parametrize("shift", [-45, 45])
def test_clocks_may_differ_a_little(
    visitor: Visitor, tenant: TenantServer, shift: int
) -> None:
    visitor.log_in()
    now = int(time.time()) + shift
    issued_at = max(now, int(time.time()))
    token = make_token(tenant.tenant, sid=sid_of(visitor), iat=issued_at, exp=now + 1)
    told = post(visitor, token)
    assert told.status_code == 200


@pytest.mark.parametrize("typ", ["at+jwt", "dpop+jwt", "secevent+jwt"])
def test_tokens_of_another_type(
    visitor: Visitor, tenant: TenantServer, typ: str
) -> None:
    visitor.log_in()
    token = make_token(tenant.tenant, typ, sid=sid_of(visitor))
    assert post(visitor, token).status_code == 400
    assert visitor.user()["email"] == ADA


def test_an_id_token_is_none(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    @app.get("/id-token")
    def id_token() -> str:
        return str((Auth0().get_session() or {})["id_token"])

    visitor.log_in()
    assert post(visitor, visitor.get("/id-token").text).status_code == 400
    assert visitor.user()["email"] == ADA


def unsigned(claims: dict[str, t.Any], header: dict[str, t.Any]) -> str:
    parts = [json.dumps(each).encode() for each in (header, claims)]
    texts = [base64.urlsafe_b64encode(each).decode().rstrip("=") for each in parts]
    return ".".join([*texts, ""])


def test_signatures(visitor: Visitor, tenant: TenantServer) -> None:
    # With several keys, a token without a kid makes the app look for newer ones.
    tenant.tenant.rotate_keys(keep_old=False)
    visitor.log_in()
    claims = make_claims(tenant.tenant, sub=sub_of(visitor))
    kid = tenant.tenant.keys.kid
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = make_token(tenant.tenant, sub=sub_of(visitor))
    tokens = [
        unsigned(claims, {"alg": "none"}),
        unsigned(claims, {"alg": "none", "kid": kid}),
        jwt.encode(claims, key, "RS256", {"kid": kid}),
        jwt.encode(claims, key, "RS256", {"kid": "unknown"}),
        jwt.encode(claims, key, "RS256"),
        jwt.encode(claims, "the-client-secret-" * 3, "HS256", {"kid": kid}),
        good[:-8] + "AAAAAAAA",
        good.rpartition(".")[0],
    ]
    for token in tokens:
        told = post(visitor, token)
        assert told.status_code == 400, token
        assert token not in told.text
    assert visitor.user()["email"] == ADA


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "...",
        "ä.ö.ü",
        base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.x",
        base64.urlsafe_b64encode(b'{"alg":"RS256","kid":7}').decode() + ".e30.x",
        base64.urlsafe_b64encode(b'["RS256"]').decode() + ".e30.x",
    ],
    ids=range(8),
)
def test_rubbish(visitor: Visitor, token: str) -> None:
    assert post(visitor, token).status_code == 400


def test_a_token_that_is_none_is_called_so(visitor: Visitor) -> None:
    told = post(visitor, "x").get_json()["error_description"]
    assert told == "Invalid logout token: Not enough segments"


@pytest.mark.parametrize("many", [100, 9000])
@pytest.mark.parametrize("kind", ["header", "json"])
def test_no_stranger_uses_up_the_stack(visitor: Visitor, kind: str, many: int) -> None:
    """What the garbage collector ends while JSON is parsed needs some of it.

    Otherwise a finalizer of something else fails, now and then and far from here.
    """
    deep = "[" * many
    sent: dict[str, t.Any]
    if kind == "header":
        head = base64.urlsafe_b64encode(f'{{"alg": {deep}'.encode()).decode()
        sent = {"data": {"logout_token": f"{head}.e30.x"}}
    else:
        sent = {"data": f'{{"more": {deep}', "content_type": "application/json"}
    told = post(visitor, "", **sent)
    assert told.status_code == 400
    assert "nested too deeply" in told.get_json()["error_description"]
