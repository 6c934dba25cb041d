"""Logins with passkeys, with tokens bound to a key and without."""

from __future__ import annotations

import itertools
import time
import typing as t

import pytest
from flask import Flask
from jwcrypto import jwk

from flask_auth0 import user_logged_in
from flask_auth0.tenant import Tenant
from tests.embedded.conftest import Person
from tests.harness.clock import Clock
from tests.harness.visitor import GRACE, NAVIGATION
from tests.tenant.authenticator import Authenticator

NUMBERS = itertools.count()


class Passkey:
    """A passkey of Eve's, and the steps that log her in with it."""

    def __init__(self, visitor: Person) -> None:
        self.visitor, self.authenticator = visitor, Authenticator()
        # Nobody signs up twice, and the tenant outlasts a test.
        self.email = f"eve{next(NUMBERS)}@example.com"

    def sign_up(self) -> t.Any:
        from auth0_server_python.auth_types import PasskeyUserProfile

        profile = PasskeyUserProfile(email=self.email, name="Eve")
        started = self.visitor.gets(lambda c: c.passkey_signup_challenge(profile))
        answer = self.authenticator.create(started["authn_params_public_key"])
        return self.sign_in(started, answer)

    def begin(self) -> tuple[t.Any, t.Any]:
        """A login that was begun, and the answer of the browser."""
        started = self.visitor.gets(lambda client: client.passkey_login_challenge())
        return started, self.authenticator.get(started["authn_params_public_key"])

    def sign_in(self, started: t.Any, answer: t.Any, **options: t.Any) -> t.Any:
        """The step that completes a login."""
        from auth0_server_python.auth_types import PasskeyAuthResponse

        parsed = PasskeyAuthResponse(**answer)
        options.setdefault("scope", "openid profile email")
        session = started["auth_session"]
        return lambda client: client.signin_with_passkey(session, parsed, **options)


@pytest.fixture
def passkey(visitor: Person, issuer: Tenant) -> Passkey:
    """The passkey of somebody who has signed up, and is not logged in."""
    passkey = Passkey(visitor)
    answer = visitor.does(passkey.sign_up())
    assert answer.status_code == 200, answer.text
    assert visitor.user()["email"] == passkey.email
    visitor.get("/logout")
    return passkey


def test_a_login(visitor: Person, passkey: Passkey, app: Flask) -> None:
    visitor.log_in(GRACE)
    visitor.get("/put")
    seen: list[t.Any] = []
    with user_logged_in.connected_to(lambda sender, user: seen.append(user), app):
        answer = visitor.does(passkey.sign_in(*passkey.begin()))
    assert answer.status_code == 200, answer.text
    assert visitor.user()["name"] == answer.get_json()["user"]["name"] == "Eve"
    assert [user["name"] for user in seen] == ["Eve"]
    assert visitor.fetch("/cart").get_json() == {"cart": None}


@pytest.mark.parametrize("nonce", [None, "a-nonce"])
def test_a_token_that_is_bound_to_a_key(
    visitor: Person,
    passkey: Passkey,
    issuer: Tenant,
    nonce: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(issuer, "dpop_nonce", nonce)
    key = jwk.JWK.generate(kty="EC", crv="P-256")
    answer = visitor.does(passkey.sign_in(*passkey.begin(), dpop_key=key))
    assert answer.status_code == 200, answer.text
    assert visitor.user()["name"] == "Eve"


def test_the_ceiling_of_the_identity_provider(
    visitor: Person, passkey: Passkey, issuer: Tenant, clock: Clock
) -> None:
    # A session ends half a minute before its ceiling.
    issuer.extra_claims["session_expiry"] = int(time.time()) + 30 + 5000
    assert visitor.does(passkey.sign_in(*passkey.begin())).status_code == 200
    clock.offset = 4990
    assert visitor.user()
    clock.offset = 5000
    assert not visitor.user()


def test_a_passkey_of_somebody_else(visitor: Person, passkey: Passkey) -> None:
    visitor.log_in(GRACE)
    thief = Authenticator()
    thief.id = passkey.authenticator.id
    for headers in ({}, {"headers": NAVIGATION}):
        started, _ = passkey.begin()
        stolen = thief.get(started["authn_params_public_key"])
        answer = visitor.does(passkey.sign_in(started, stolen), **headers)
        assert answer.status_code == 400
        assert "passkey was not accepted" in answer.text
        assert started["auth_session"] not in answer.text
    assert visitor.user()["sub"] == "auth0|grace"


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, b"{}", 503),
        (429, b"{}", 503),
        (403, b'{"error": "access_denied"}', 403),
        (401, b'{"error": "invalid_client"}', 502),
        (400, b"rubbish", 502),
        (200, b"rubbish", 502),
        (200, b'{"access_token": "secret", "expires_in": 9, "id_token": 5}', 502),
        (200, b'{"access_token": "secret", "expires_in": 9}', 502),
        (200, b'{"access_token": "secret", "expires_in": 1e999}', 502),
    ],
    ids=str,
)
def test_a_tenant_that_refuses(
    visitor: Person,
    passkey: Passkey,
    issuer: Tenant,
    status: int,
    body: bytes,
    told: int,
) -> None:
    visitor.log_in(GRACE)
    step = passkey.sign_in(*passkey.begin())
    issuer.fail_next_token_request(status=status, body=body)
    answer = visitor.does(step)
    assert answer.status_code == told, answer.text
    assert "secret" not in answer.text
    assert visitor.user()["sub"] == "auth0|grace"


def test_a_tenant_that_is_down(visitor: Person, passkey: Passkey, app: Flask) -> None:
    step = passkey.sign_in(*passkey.begin())
    app.extensions["auth0"].client.transports.breakers.only.failed(float("inf"))
    assert visitor.does(step).status_code == 503
    answer = visitor.does(lambda client: client.passkey_login_challenge())
    assert answer.status_code == 503
