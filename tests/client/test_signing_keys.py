"""Which key signed a token, and how often newer ones are looked for."""

from __future__ import annotations

import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, jsonify
from joserfc.jwk import ECKey, RSAKey

from flask_auth0.client.signed_tokens import find_key
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.keys import SigningKeys
from tests.harness.logout_tokens import make_token, post
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor

#: A token that nobody has signed, with a ``kid`` that nobody has.
UNSIGNED = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vYm9keXMifQ.e30.eHg"

Keys = t.Callable[[SigningKeys], t.Any]


@pytest.fixture
def app(make_app: MakeApp, redis_settings: dict[str, str]) -> Flask:
    return make_app(redis_settings)


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


def test_two_rotations_in_a_row_keep_nobody_out(
    visitor: Visitor, tenant: TenantServer
) -> None:
    """Each code is good once: whoever comes too soon waits for the next look."""
    for _ in range(3):
        assert visitor.log_in().status_code == 302
        tenant.tenant.rotate_keys(keep_old=False)


def test_a_crowd_waits_for_one_look(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer, fetched: list[str]
) -> None:
    make_visitor(app).log_in()
    visitors = [make_visitor(app) for _ in range(10)]
    ways_back = [each.authorize(each.get("/login")) for each in visitors]
    tenant.tenant.rotate_keys(keep_old=False)
    # Those ID tokens are signed when the codes are redeemed, with the new key.
    fetched.clear()
    barrier = threading.Barrier(len(visitors))

    def come_back(number: int) -> int:
        barrier.wait()
        return visitors[number].get(ways_back[number]).status_code

    with ThreadPoolExecutor(len(visitors)) as executor:
        answers = list(executor.map(come_back, range(len(visitors))))
    assert answers == [302] * len(visitors)
    assert len(fetched) == 1


def test_a_stranger_takes_no_look_from_logins(
    visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    post(visitor, UNSIGNED)
    tenant.tenant.rotate_keys(keep_old=False)
    assert visitor.log_in().status_code == 302


def test_strangers_make_the_app_look_rarely(
    visitor: Visitor, tenant: TenantServer, fetched: list[str]
) -> None:
    """What may be a genuine token that nobody can check yet is to be sent again."""
    visitor.log_in()
    fetched.clear()
    told = [post(visitor, UNSIGNED) for _ in range(4)]
    assert [each.status_code for each in told] == [400, 503, 503, 503]
    assert "Retry-After" in told[-1].headers
    assert len(fetched) == 1
    genuine = make_token(tenant.tenant, sub="auth0|ada")
    assert post(visitor, genuine).status_code == 200
    assert visitor.user() is None


def test_a_look_that_fails_costs_the_known_keys_nothing(
    visitor: Visitor, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.log_in()
    with monkeypatch.context() as patch:
        patch.setattr(SigningKeys, "as_jwks", lambda self: ("down", 500))
        assert post(visitor, UNSIGNED).status_code == 503
        # Logins need not wait until the tenant is asked again.
        visitor.app.extensions["auth0"].client.transports.breakers.only.heard()
        assert visitor.log_in().status_code == 302
    tenant.tenant.rotate_keys(keep_old=False)
    assert visitor.log_in().status_code == 302


@pytest.mark.parametrize(
    "document",
    [
        {"keys": None},
        [],
        {"keys": ["x"]},
        {"keys": [None]},
        {},
        "keys",
        None,
        {"keys": {"kid": "a"}},
        {"keys": [{"kid": 5, "kty": "RSA"}]},
        {"keys": [{"kty": "RSA", "n": "!", "e": None}]},
        {"keys": []},
    ],
    ids=repr,
)
def test_a_malformed_key_set_is_not_kept(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, document: t.Any
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(SigningKeys, "as_jwks", lambda self: jsonify(document))
        refused = visitor.log_in()
        assert refused.status_code == 502
        assert "Try again" in refused.text
    assert visitor.log_in().status_code == 302


def other_kinds(key: RSAKey) -> list[dict[str, t.Any]]:
    """Keys of the same ``kid`` that cannot have signed an ID token."""
    kid = str(key.kid)
    ec = ECKey.generate_key("P-256", {"kid": kid}).as_dict(private=False)
    encrypts = RSAKey.generate_key(2048, {"kid": kid, "use": "enc"})
    other = RSAKey.generate_key(2048, {"kid": kid, "alg": "RS512", "use": "sig"})
    return [
        t.cast("dict[str, t.Any]", ec),
        t.cast("dict[str, t.Any]", encrypts.as_dict(private=False)),
        t.cast("dict[str, t.Any]", other.as_dict(private=False)),
    ]


def test_keys_of_one_kid_are_told_apart(
    visitor: Visitor, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_jwks(self: SigningKeys) -> t.Any:
        own = self.published[0].as_dict(private=False)
        return {"keys": [*other_kinds(self.published[0]), own]}

    monkeypatch.setattr(SigningKeys, "as_jwks", as_jwks)
    assert visitor.log_in(ADA).status_code == 302


def test_which_key_a_token_can_be_of() -> None:
    rsa = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
    one, two = {"kid": "1", **rsa}, {"kid": "2", **rsa, "n": "AAAB"}
    assert find_key({"keys": [one, one]}, "1") == one
    assert find_key({"keys": [one]}, None) == one
    assert find_key({"keys": [one, two]}, "2") == two
    assert find_key({"keys": [one, two]}, None) is None
    assert find_key({"keys": [one, {**one, "n": "other"}]}, "1") is None
    assert find_key({"keys": [rsa]}, "1") is None
    assert find_key({"keys": [{"kid": "1", "kty": "RSA", "x5c": ["x"]}]}, "1") is None
    assert find_key({"keys": [{**one, "key_ops": ["verify"]}]}, "1") is not None
    for operations in (["encrypt"], [], None, 5, {"verify": 1}):
        assert find_key({"keys": [{**one, "key_ops": operations}]}, "1") is None
