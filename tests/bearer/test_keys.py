"""The keys that tokens are verified with: whose, how long, and how often looked for."""

from __future__ import annotations

import base64
import json
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, jsonify

from flask_auth0.client import access_tokens, signed_tokens
from flask_auth0.client.server_client import INTERVAL_FOR_STRANGERS
from flask_auth0.tenant import Tenant, TenantServer
from flask_auth0.tenant.keys import SigningKeys
from tests.fixtures.rounds import Rounds
from tests.harness.access_tokens import API, bearer, make_token
from tests.harness.clock import Clock
from tests.harness.visitor import MakeApp, MakeVisitor

from .conftest import Call, add_api, get


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that the tenant was asked for its keys."""
    asked: list[str] = []
    original = SigningKeys.as_jwks

    def as_jwks(self: SigningKeys) -> t.Any:
        asked.append("keys")
        return original(self)

    monkeypatch.setattr(SigningKeys, "as_jwks", as_jwks)
    return asked


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each token that was verified."""
    tokens: list[str] = []
    original = signed_tokens.check_token

    def check_token(token: str, *args: t.Any, **more: t.Any) -> t.Any:
        tokens.append(token)
        return original(token, *args, **more)

    monkeypatch.setattr(access_tokens, "check_token", check_token)
    return tokens


def stranger(number: int, **more: str) -> str:
    """A token of a key that nobody has."""
    header = json.dumps({"alg": "RS256", "kid": f"nobody's {number}", **more}).encode()
    return f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.e30.eHg"


def test_a_client_with_many_tokens_causes_one_look(
    app: Flask, issuer: Tenant, fetched: list[str], rounds: Rounds
) -> None:
    """Keys that nobody has are looked for at the pace for strangers."""
    good = bearer(make_token(issuer))
    assert get(app, "/api/me", good).status_code == 200
    fetched.clear()
    begun = time.monotonic()
    many = range(rounds(short=500, full=10_000))

    def ask(number: int) -> int:
        path = "/both" if number % 2 else "/api/async"
        return get(app, path, bearer(stranger(number))).status_code

    with ThreadPoolExecutor(4) as executor:
        assert set(executor.map(ask, many)) == {401}
    looks = 1 + (time.monotonic() - begun) // INTERVAL_FOR_STRANGERS
    assert 1 <= len(fetched) <= looks
    assert get(app, "/api/me", good).status_code == 200
    assert len(app.extensions["auth0"].access_tokens._verified) == 1


def test_what_the_tenant_cannot_have_signed_causes_none(
    app: Flask, issuer: Tenant, fetched: list[str]
) -> None:
    for header in (
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256", "typ": "dpop+jwt"},
    ):
        assert get(app, "/api/me", bearer(stranger(1, **header))).status_code == 401
    assert not fetched


def test_logins_and_clients_do_not_wait_for_each_other(
    app: Flask, issuer: Tenant, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    assert get(app, "/api/me", bearer(stranger(1))).status_code == 401
    issuer.rotate_keys(keep_old=False)
    assert visitor.log_in().status_code == 302


def test_a_new_key_is_found_at_once(call: Call, issuer: Tenant) -> None:
    assert call().status_code == 200
    issuer.rotate_keys()
    assert call().status_code == 200


def test_a_key_that_is_gone_takes_its_tokens_along(
    app: Flask, issuer: Tenant, fetched: list[str]
) -> None:
    """Tokens that were good are not remembered for longer than their key."""
    old = bearer(make_token(issuer))
    for _ in range(3):
        assert get(app, "/api/me", old).status_code == 200
    issuer.rotate_keys(keep_old=False)
    assert get(app, "/api/me", bearer(make_token(issuer))).status_code == 200
    assert get(app, "/api/me", old).status_code == 401


def test_a_token_is_verified_once(
    app: Flask, issuer: Tenant, verified: list[str], clock: Clock
) -> None:
    """It is remembered by its hash, as long as it is good."""
    token = make_token(issuer)
    # The first one was verified with keys that were fetched for it.
    get(app, "/api/me", bearer(make_token(issuer)))
    verified.clear()
    for path in ("/api/me", "/api/async", "/both", "/needs/scope", "/needs/all"):
        get(app, path, bearer(token))
    assert verified == [token]
    clock.offset += 3500
    get(app, "/api/me", bearer(token))
    assert verified == [token]
    clock.offset += 200
    get(app, "/api/me", bearer(token))
    assert verified == [token, token]
    remembered = app.extensions["auth0"].access_tokens._verified
    assert token not in repr(dict(remembered))


def test_a_remembered_token_is_still_refused_for_what_it_lacks(
    app: Flask, issuer: Tenant
) -> None:
    headers = bearer(make_token(issuer))
    for _ in range(3):
        assert get(app, "/needs/scope", headers).status_code == 200
        assert get(app, "/needs/all", headers).status_code == 403


def test_bad_tokens_are_not_remembered(app: Flask, issuer: Tenant) -> None:
    get(app, "/api/me", bearer(make_token(issuer)))
    for _ in range(2):
        headers = bearer(make_token(issuer, exp=1))
        assert get(app, "/api/me", headers).status_code == 401
    assert not app.extensions["auth0"].access_tokens._verified


def test_the_memory_is_bounded(
    make_app: MakeApp, issuer: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_tokens, "_MOST", 3)
    app = add_api(make_app(audience=API))
    for _ in range(8):
        assert get(app, "/api/me", bearer(make_token(issuer))).status_code == 200
        assert len(app.extensions["auth0"].access_tokens._verified) <= 3


def test_the_tenant_is_away(
    app: Flask, issuer: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell whether a token is good: it is to be sent again."""
    token = make_token(issuer)
    with monkeypatch.context() as patch:
        patch.setattr(SigningKeys, "as_jwks", lambda self: ("down", 500))
        for path in ("/api/me", "/api/async", "/both"):
            answer = get(app, path, bearer(token))
            assert answer.status_code == 503
            assert "Retry-After" in answer.headers
            assert answer.get_json()["error"] == "temporarily_unavailable"
    app.extensions["auth0"].client.transports.breakers.only.heard()
    assert get(app, "/api/me", bearer(token)).status_code == 200


def test_keys_that_are_known_outlast_an_outage(
    app: Flask, issuer: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get(app, "/api/me", bearer(make_token(issuer))).status_code == 200
    monkeypatch.setattr(SigningKeys, "as_jwks", lambda self: ("down", 500))
    told = []
    for number in range(3):
        told.append(get(app, "/api/me", bearer(stranger(number))).status_code)
        assert get(app, "/api/me", bearer(make_token(issuer))).status_code == 200
    # The first one has made the app ask, without an answer.
    assert told == [503, 401, 401]


@pytest.mark.parametrize("document", [{"keys": []}, {"keys": None}, [], "x"], ids=repr)
def test_a_key_set_that_makes_no_sense(
    app: Flask, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch, document: t.Any
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(SigningKeys, "as_jwks", lambda self: jsonify(document))
        refused = get(app, "/api/me", bearer(make_token(tenant.tenant)))
        assert refused.status_code in {401, 502}
    app.extensions["auth0"].client.discovery._told.clear()
    good = get(app, "/api/me", bearer(make_token(tenant.tenant)))
    assert good.status_code == 200
