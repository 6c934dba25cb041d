"""Access tokens that are bound to a key of their client (RFC 9449)."""

from __future__ import annotations

import json
import typing as t

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0.client.proofs import normal_url
from flask_auth0.tenant import Tenant
from tests.harness.access_tokens import API, Prover, bearer, make_token
from tests.harness.visitor import HOST, MakeApp

from .conftest import URL, add_api, get, send


def check_refused(answer: TestResponse, error: str = "invalid_dpop_proof") -> None:
    assert answer.status_code == 401, answer.text
    challenge, other = answer.headers.getlist("WWW-Authenticate")
    assert challenge.startswith(f'DPoP error="{error}", error_description="')
    assert challenge.endswith('algs="ES256 ES384 EdDSA PS256"')
    assert other == "Bearer"
    assert answer.get_json()["error"] == error
    assert answer.cache_control.no_store


@pytest.mark.parametrize(
    "path", ["/api/me", "/api/async", "/both", "/api/guarded/more"]
)
def test_a_proof_for_this_request(
    app: Flask, issuer: Tenant, prover: Prover, path: str
) -> None:
    headers = prover.headers(issuer, HOST + path)
    assert get(app, path, headers).get_json()["sub"] == "auth0|ada"
    check_refused(get(app, path, headers))


def test_two_guards_of_a_request_take_a_proof_together(
    app: Flask, issuer: Tenant, prover: Prover
) -> None:
    headers = prover.headers(issuer, f"{HOST}/api/guarded/more")
    assert get(app, "/api/guarded/more", headers).status_code == 200


def test_what_a_bound_token_lacks(app: Flask, issuer: Tenant, prover: Prover) -> None:
    lacking = get(app, "/needs/all", prover.headers(issuer, f"{HOST}/needs/all"))
    assert lacking.status_code == 403
    assert lacking.headers["WWW-Authenticate"].startswith("DPoP error=")


@pytest.mark.parametrize(
    ("algorithm", "parameters"),
    [
        ("ES256", {"kty": "EC", "crv": "P-256"}),
        ("ES384", {"kty": "EC", "crv": "P-384"}),
        ("PS256", {"kty": "RSA", "size": 2048}),
        ("EdDSA", {"kty": "OKP", "crv": "Ed25519"}),
    ],
)
def test_algorithms(
    app: Flask, issuer: Tenant, algorithm: str, parameters: dict[str, t.Any]
) -> None:
    own = Prover(algorithm, **parameters)
    assert get(app, "/api/me", own.headers(issuer, URL)).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "HTTP://LOCALHOST/api/me",
        f"{HOST}:80/api/me",
        f"{HOST}/api/%6De",
        f"{URL}?a=b",
        f"{URL}#part",
    ],
)
def test_spellings_of_the_url(
    app: Flask, issuer: Tenant, prover: Prover, url: str
) -> None:
    headers = prover.headers(issuer, url)
    assert get(app, "/api/me?page=2", headers).status_code == 200


WRONG_CLAIMS: list[dict[str, t.Any]] = [
    {"htm": "POST"},
    {"htm": "get"},
    {"htm": None},
    {"htm": 5},
    {"htu": f"{HOST}/api/other"},
    {"htu": f"{HOST}/api/me/"},
    {"htu": "https://localhost/api/me"},
    {"htu": "http://localhost:8000/api/me"},
    {"htu": "http://evil.example.com/api/me"},
    {"htu": "http://ada@localhost/api/me"},
    {"htu": "/api/me"},
    {"htu": None},
    {"htu": ["x"]},
    {"iat": 1},
    {"iat": None},
    {"iat": "1"},
    {"iat": True},
    {"iat": 10**30},
    {"iat": float("nan")},
    {"jti": None},
    {"jti": ""},
    {"jti": {}},
    {"ath": None},
    {"ath": "x"},
    {"ath": "é"},
    {"deep": json.loads("[" * 40 + "]" * 40)},
]
#: The public key of RFC 7515, appendix A.3.
ANOTHER = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
WRONG_HEADERS: list[dict[str, t.Any]] = [
    {"typ": "JWT"},
    {"typ": None},
    {"jwk": None},
    {"jwk": {}},
    {"jwk": "x"},
    {"jwk": {"kty": "EC", "crv": "P-256", "x": "!", "y": "!"}},
    {"jwk": {"kty": "oct", "k": "c2VjcmV0"}},
    {"jwk": ANOTHER},
    {"b64": False, "crit": ["b64"]},
    {"deep": json.loads("[" * 40 + "]" * 40)},
]


@pytest.mark.parametrize("changes", WRONG_CLAIMS, ids=repr)
def test_claims_of_another_request(
    app: Flask, issuer: Tenant, prover: Prover, changes: dict[str, t.Any]
) -> None:
    token = prover.token(issuer)
    check_refused(send(app, token, prover.proof(token, URL, **changes)))


@pytest.mark.parametrize("header", WRONG_HEADERS, ids=repr)
def test_a_header_that_proves_nothing(
    app: Flask, issuer: Tenant, prover: Prover, header: dict[str, t.Any]
) -> None:
    token = prover.token(issuer)
    check_refused(send(app, token, prover.proof(token, URL, header=header)))


def test_malformed(app: Flask, issuer: Tenant, prover: Prover) -> None:
    token = prover.token(issuer)
    good = prover.proof(token, URL)
    head, payload, signature = good.split(".")
    private = {"jwk": prover.key.export_private(as_dict=True)}
    flat = {"protected": head, "payload": payload, "signature": signature}
    for proof in (
        None,
        "x",
        "...",
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature[:-4]}",
        f"{head}..{signature}",
        f"{good},{prover.proof(token, URL)}",
        json.dumps(flat),
        "x" * 5000,
        token,
        prover.proof(token, URL, header=private),
        prover.proof(token, URL, padding="x" * 5000),
    ):
        check_refused(send(app, token, proof))
    check_refused(get(app, "/api/me", [*dpop(token), ("DPoP", good), ("DPoP", good)]))
    assert send(app, token, good).status_code == 200


def dpop(token: str) -> list[tuple[str, str]]:
    return [("Authorization", f"DPoP {token}")]


def test_short_keys(app: Flask, issuer: Tenant) -> None:
    short = Prover("PS256", kty="RSA", size=1024)
    check_refused(get(app, "/api/me", short.headers(issuer, URL)))


def test_a_symmetric_key_proves_nothing(app: Flask, issuer: Tenant) -> None:
    """Everybody who sees one request could sign the next one."""
    own = Prover("HS256", kty="oct", size=256)
    token = own.token(issuer)
    check_refused(send(app, token, own.proof(token, URL)))


def test_a_token_of_another_key(app: Flask, issuer: Tenant, prover: Prover) -> None:
    token = Prover().token(issuer)
    check_refused(send(app, token, prover.proof(token, URL)))
    unbound = make_token(issuer)
    check_refused(send(app, unbound, prover.proof(unbound, URL)), "invalid_token")
    both = prover.token(issuer, cnf={"jkt": prover.key.thumbprint(), "x5t#S256": "x"})
    check_refused(send(app, both, prover.proof(both, URL)), "invalid_token")


def test_a_bound_token_is_no_bearer_token(
    app: Flask, issuer: Tenant, prover: Prover
) -> None:
    """Who has stolen it lacks the key."""
    token = prover.token(issuer)
    for more in ({}, {"DPoP": prover.proof(token, URL)}):
        answer = get(app, "/api/me", {**bearer(token), **more})
        assert answer.status_code == 401
        assert 'Bearer error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_token_has_to_be_good_as_well(
    app: Flask, issuer: Tenant, prover: Prover
) -> None:
    token = prover.token(issuer, exp=1)
    check_refused(send(app, token, prover.proof(token, URL)), "invalid_token")


def test_the_host_is_that_of_the_configuration(
    make_app: MakeApp, issuer: Tenant, prover: Prover
) -> None:
    """A server that was sent a request could forward it, with its own name as Host."""
    config = {"audience": API, "redirect_uri": f"{HOST}/callback"}
    app = add_api(make_app(**config))
    forwarded = prover.headers(issuer, "http://evil.example.com/api/me")
    answer = get(app, "/api/me", [*forwarded.items(), ("Host", "evil.example.com")])
    check_refused(answer)
    own = prover.headers(issuer, URL)
    other = [*own.items(), ("Host", "internal:8000")]
    assert get(app, "/api/me", other).status_code == 200
    trusting = add_api(make_app({"TRUSTED_HOSTS": ["api.example.com"]}, **config))
    direct = prover.headers(issuer, "http://api.example.com/api/me")
    named = [*direct.items(), ("Host", "api.example.com")]
    assert get(trusting, "/api/me", named).status_code == 200


def test_an_api_without_a_login(
    make_app: MakeApp, issuer: Tenant, prover: Prover
) -> None:
    """The routes of logins may be off."""
    routes = {f"AUTH0_{name}_PATH": "" for name in ("LOGIN", "CALLBACK", "LOGOUT")}
    redirect_uri = f"{HOST}/callback"
    app = add_api(make_app(routes, audience=API, redirect_uri=redirect_uri))
    assert get(app, "/api/me", prover.headers(issuer, URL)).status_code == 200
    assert get(app, "/api/me", bearer(make_token(issuer))).status_code == 200
    assert get(app, "/api/me").status_code == 401


def test_urls() -> None:
    assert normal_url("http://a") == normal_url("http://A:80/") == "http://a/"
    assert normal_url("https://a:443/b") == "https://a/b"
    assert normal_url("https://a/%C3%A9") == normal_url("https://a/é") == "https://a/é"
    for url in ("", "a", "//a", "ftp://a", "http://", "http://a@b/", "javascript:x"):
        assert normal_url(url) is None
