"""Which access tokens are good, and what the others are told."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import time
import typing as t

import jwt
import pytest
from flask import Flask
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from flask_auth0.tenant import Tenant
from flask_auth0.tenant.backchannel import logout_token
from tests.harness.access_tokens import API, bearer, make_claims, make_token
from tests.harness.visitor import NAVIGATION, MakeVisitor, error_of

from .conftest import Call, add_api, auth0, get

NOW = int(time.time())
WAYS = [
    "/api/me",
    "/api/async",
    "/api/class",
    "/api/guarded/me",
    "/both",
    "/both/async",
]


def check_refused(answer: TestResponse, reason: str = "") -> None:
    """It is a 401 that says what is wrong (RFC 6750, section 3.1), to no cache."""
    assert answer.status_code == 401, answer.text
    challenge, other = answer.headers.getlist("WWW-Authenticate")
    assert challenge.startswith('Bearer error="invalid_token", error_description="')
    assert reason in challenge
    assert other.startswith('DPoP algs="ES256 ')
    body = answer.get_json()
    assert body["error"] == "invalid_token"
    assert body["error_description"] in challenge
    assert "login_url" not in body
    assert answer.cache_control.no_store
    assert "Authorization" in answer.vary
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", WAYS)
def test_a_good_token_is_the_user(app: Flask, issuer: Tenant, path: str) -> None:
    claims = make_claims(issuer)
    token = issuer.keys.sign(claims, "at+jwt")
    for _ in range(2):
        answer = get(app, path, bearer(token))
        assert answer.status_code == 200, answer.text
        body = answer.get_json()
        assert body["sub"] == "auth0|ada"
        assert body["claims"] == body["user"] == claims
        assert body.get("awaited", claims) == claims
        assert body["session"] is body.get("other") is None
        assert answer.cache_control.private
        assert "Authorization" in answer.vary
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", WAYS)
def test_a_bad_one_is_refused_everywhere(app: Flask, issuer: Tenant, path: str) -> None:
    token = make_token(issuer, aud="https://other.example.com")
    check_refused(get(app, path, bearer(token)), "for another API")
    check_refused(get(app, path, {"Authorization": f"bearer {token}"}))


GOOD: dict[str, dict[str, t.Any]] = {
    "one audience": {"aud": API},
    "Auth0's own profile": {"typ": "JWT", "azp": "another-client", "client_id": None},
    "the full type": {"typ": "application/at+jwt"},
    "a type in capitals": {"typ": "AT+JWT"},
    "of a machine": {"sub": "client@clients", "gty": "client-credentials"},
    "without a scope": {"scope": None, "permissions": None},
    "with when and how": {"auth_time": NOW, "acr": "1", "amr": ["mfa"], "sid": "1"},
}


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD)
def test_good(call: Call, changes: dict[str, t.Any]) -> None:
    assert call(**changes).status_code == 200


def test_within_the_leeway(call: Call) -> None:
    # The test may run long after it was collected.
    now = int(time.time())
    assert call(exp=now - 20, nbf=now + 30, iat=now + 30).status_code == 200


BAD: dict[str, tuple[dict[str, t.Any], str]] = {
    "expired": ({"exp": NOW - 100}, "has expired"),
    "not valid yet": ({"nbf": NOW + 1000}, "not valid yet"),
    "of tomorrow": ({"iat": NOW + 86400}, "not valid yet"),
    "without an expiry": ({"exp": None}, "lacks a claim"),
    "without a date": ({"iat": None}, "lacks a claim"),
    "without an issuer": ({"iss": None}, "lacks a claim"),
    "without an audience": ({"aud": None}, "lacks a claim"),
    "without a subject": ({"sub": None}, "lacks a claim"),
    "with an empty subject": ({"sub": ""}, "lacks a claim"),
    "of nobody": ({"sub": 5}, ""),
    "an expiry in a text": ({"exp": str(NOW + 100)}, ""),
    "an expiry beyond time": ({"exp": 10**20}, ""),
    "an endless expiry": ({"exp": float("inf")}, ""),
    "another issuer": ({"iss": "https://evil.example.com/"}, "another issuer"),
    "an issuer like it": ({"iss": "https://127.0.0.1"}, "another issuer"),
    "another audience": ({"aud": "https://other.example.com"}, "another API"),
    "part of the audience": ({"aud": API[:-1]}, "another API"),
    "no audience": ({"aud": []}, ""),
    "a number for an audience": ({"aud": 5}, "another API"),
    "an audience in a mapping": ({"aud": {API: 1}}, "another API"),
    "the client as well": ({"aud": [API, "the-client"]}, "no access token"),
    "with a nonce": ({"nonce": "n"}, "no access token"),
    "with a hash of another": ({"at_hash": "n"}, "no access token"),
    "a logout token": ({"typ": "logout+jwt"}, "no access token"),
    "a proof": ({"typ": "dpop+jwt"}, "no access token"),
    "a security event": ({"typ": "secevent+jwt"}, "no access token"),
    "bound to a certificate": ({"cnf": {"x5t#S256": "x"}}, "and none came"),
    "bound to both": ({"cnf": {"x5t#S256": "x", "jkt": "y"}}, "not bound to a key"),
    "bound in another way": ({"cnf": {"kid": "x"}}, "not bound to a key"),
    "bound to nothing": ({"cnf": {}}, "not bound to a key"),
    "bound to a text": ({"cnf": "x"}, "not bound to a key"),
    "bound to a key": ({"cnf": {"jkt": "x"}}, "needs a proof"),
}


@pytest.mark.parametrize(("changes", "reason"), BAD.values(), ids=BAD)
def test_bad(call: Call, changes: dict[str, t.Any], reason: str) -> None:
    check_refused(call(**changes), reason)


def test_of_half_an_emoji(call: Call, issuer: Tenant) -> None:
    """Once such a name is mended, two users could have the same."""
    signer = issuer.keys.published[0]
    key = jwt.PyJWK.from_dict(dict(signer.as_dict(private=True))).key
    header = {"kid": issuer.keys.kid}
    for claim, status in (("sub", 401), ("name", 200)):
        claims = make_claims(issuer, **{claim: "auth0|\ud83d"})
        token = jwt.encode(claims, key, "RS256", headers=header)
        assert call(token=token).status_code == status


def encoded(part: t.Any) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed_by(issuer: Tenant, header: dict[str, t.Any]) -> str:
    """A token whose header has a key of its own, or the name of one."""
    other = RSAKey.generate_key(2048)
    key = jwt.PyJWK.from_dict(dict(other.as_dict(private=True))).key
    return jwt.encode(make_claims(issuer), key, "RS256", headers=header)


def forged(issuer: Tenant) -> dict[str, str]:
    """Tokens that the tenant has not signed so."""
    claims, good = make_claims(issuer), make_token(issuer)
    head, payload, signature = good.split(".")
    kid = issuer.keys.kid
    public = issuer.keys.published[0].as_pem(private=False)
    hs = jwt.encode(claims, "x" * 32, "HS256", headers={"kid": kid})
    hs_input = f"{encoded({'alg': 'HS256', 'kid': kid})}.{payload}"
    with_public = hmac.digest(public, hs_input.encode(), "sha256")
    other = encoded({**claims, "sub": "auth0|grace"})
    deep, huge = b"[" * 100_000, b'{"kid": ' + b"9" * 5000 + b"}"
    jwk = dict(RSAKey.generate_key(2048).as_dict(private=False))
    return {
        "a word": "token",
        "dots": "...",
        "two parts": f"{head}.{payload}",
        "four parts": f"{good}.x",
        "no signature": f"{head}.{payload}.",
        "half a signature": good[:-20],
        "a signature of another": f"{head}.{other}.{signature}",
        "a JWE": f"{head}.{payload}.{payload}.{payload}.{signature}",
        "alg none": f"{encoded({'alg': 'none', 'kid': kid})}.{payload}.",
        "alg none, signed": f"{encoded({'alg': 'none', 'kid': kid})}.{payload}.x",
        "alg of a number": f"{encoded({'alg': 5, 'kid': kid})}.{payload}.{signature}",
        "no alg": f"{encoded({'kid': kid})}.{payload}.{signature}",
        "HS256": hs,
        "HS256 with the public key": f"{hs_input}.{encoded(with_public)}",
        "RS512": f"{encoded({'alg': 'RS512', 'kid': kid})}.{payload}.{signature}",
        "another key": signed_by(issuer, {"kid": kid}),
        "an unknown key": signed_by(issuer, {"kid": "nobody's"}),
        "no kid": signed_by(issuer, {}),
        "a number as kid": f"{encoded({'alg': 'RS256', 'kid': 5})}.{payload}.x",
        "its own key": signed_by(issuer, {"jwk": jwk, "kid": kid}),
        "an URL of keys": signed_by(issuer, {"jku": "https://evil.example.com"}),
        "critical": signed_by(issuer, {"kid": kid, "crit": ["exp"], "exp": 1}),
        "a list for a header": f"{encoded([1])}.{payload}.{signature}",
        "no JSON": f"{encoded(b'x')}.{payload}.{signature}",
        "no UTF-8": f"{encoded(bytes([255]))}.{payload}.{signature}",
        "a deep header": f"{encoded(deep[:3000])}.{payload}.x",
        "deeper": f"{encoded(deep)}.{payload}.{signature}",
        "a huge number": f"{encoded(huge)}.{payload}.{signature}",
        "long": "x" * 10_240,
        "very long": f"{head}.{'x' * 1_000_000}.{signature}",
    }


@pytest.mark.parametrize("path", ["/api/me", "/both"])
def test_forged(app: Flask, issuer: Tenant, path: str) -> None:
    for name, token in forged(issuer).items():
        answer = get(app, path, bearer(token))
        print(name)
        check_refused(answer)
    assert get(app, path, bearer(make_token(issuer))).status_code == 200


def test_long_and_good(call: Call) -> None:
    """What a server lets through is good, and what no server does is not."""
    assert call(padding="x" * 5000).status_code == 200
    check_refused(call(padding="x" * 10_240), "malformed")


def test_other_tokens_of_the_tenant(
    app: Flask, issuer: Tenant, make_visitor: MakeVisitor, call: Call
) -> None:
    """Neither an ID token nor a logout token gives access."""
    given: list[str] = []

    @app.get("/tokens")
    def tokens() -> str:
        session = app.extensions["auth0"].client.get_session()
        found = auth0.run(session)
        given.extend([found["id_token"], found["token_sets"][0]["access_token"]])
        return ""

    visitor = make_visitor(app)
    visitor.log_in()
    visitor.get("/tokens")
    id_token, access_token = given
    check_refused(call(token=id_token))
    assert call(token=access_token).get_json()["sub"] == "auth0|ada"
    for session in issuer.sessions():
        check_refused(call(token=logout_token(issuer, issuer.client, session)))


def test_an_id_token_where_the_audience_is_the_client(
    app: Flask, issuer: Tenant, make_app: t.Any
) -> None:
    app = add_api(make_app(audience="the-client"))
    token = make_token(issuer, typ="JWT", aud="the-client")
    check_refused(get(app, "/api/me", bearer(token)), "no access token")


def test_a_browser_gets_a_page(app: Flask, issuer: Tenant) -> None:
    headers = {**NAVIGATION, **bearer("<b>x</b>")}
    answer = get(app, "/api/me", headers)
    assert answer.status_code == 401
    assert error_of(answer) == "invalid_token"
    assert "<b>" not in answer.text


def test_nothing_of_a_token_is_logged(
    app: Flask, issuer: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = [*forged(issuer).values(), make_token(issuer, exp=NOW - 1000)]
    answers = [get(app, "/api/me", bearer(token)) for token in tokens]
    told = caplog.text + "".join(f"{each.headers} {each.text}" for each in answers)
    for token in tokens:
        parts = [each for each in token.split(".") if len(each) > 10]
        assert not any(part[:40] in told for part in parts)
