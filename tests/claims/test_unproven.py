"""ID tokens of refreshes that prove nothing, and cost no token."""

from __future__ import annotations

import typing as t

import jwt
import pytest

from flask_auth0 import TenantUnavailable
from flask_auth0.tenant import TenantServer, grants, issuing
from tests.harness.visitor import Visitor
from tests.hooks.hooked_app import Views, kept

from .conftest import Claims


def role(visitor: Visitor) -> t.Any:
    return visitor.user().get("role")


def forged(
    tenant: TenantServer, monkeypatch: pytest.MonkeyPatch, **change: t.Any
) -> None:
    """Let the tenant sign ID tokens of refreshes in another way."""
    original = issuing.issue_id_token

    def issue(*args: t.Any, **kwargs: t.Any) -> str:
        token = original(*args, **kwargs)
        if kwargs.get("nonce") is not None:
            return token
        claims = jwt.decode(token, options={"verify_signature": False})
        header = jwt.get_unverified_header(token)
        if change.get("key") == "short":
            return jwt.encode({**claims, **change.get("claims", {})}, "k" * 32)
        key: t.Any = tenant.tenant.keys.published[0].private_key
        claims |= change.get("claims", {})
        kid = change.get("kid", header["kid"])
        signed = jwt.encode(claims, key, "RS256", {"kid": kid})
        return signed[:-8] + "AAAAAAAA" if change.get("is_damaged") else signed

    monkeypatch.setattr(grants, "issue_id_token", issue)


@pytest.mark.parametrize(
    "change",
    [
        {"is_damaged": True},
        {"claims": {"sub": "auth0|grace"}},
        {"claims": {"iss": "https://evil.example/"}},
        {"claims": {"aud": "another-client"}},
    ],
    ids=str,
)
def test_an_id_token_that_is_forged_is_refused(
    visitor: Visitor,
    tenant: TenantServer,
    told: Claims,
    monkeypatch: pytest.MonkeyPatch,
    change: Claims,
) -> None:
    visitor.log_in()
    told["role"] = "admin"
    forged(tenant, monkeypatch, **change)
    before = kept(visitor)
    assert visitor.fetch("/renew").status_code == 502
    assert kept(visitor) == before


@pytest.mark.parametrize(
    "change",
    [{"kid": "nobody's"}, {"key": "short"}, {"claims": {"exp": 1000}}],
    ids=str,
)
def test_one_that_cannot_be_verified_costs_no_token(
    visitor: Visitor,
    tenant: TenantServer,
    told: Claims,
    monkeypatch: pytest.MonkeyPatch,
    change: Claims,
    caplog: pytest.LogCaptureFixture,
) -> None:
    visitor.log_in()
    before = kept(visitor)
    told["role"] = "admin"
    forged(tenant, monkeypatch, **change)
    assert visitor.fetch("/renew").status_code == 200
    after = kept(visitor)
    assert after["user"] == before["user"]
    assert after["id_token"] == before["id_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert "cannot be verified" in caplog.text
    monkeypatch.undo()
    visitor.fetch("/renew")
    assert role(visitor) == "admin"


def test_keys_that_cannot_be_had_cost_no_token(
    made: Views,
    visitor: Visitor,
    told: Claims,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor.log_in()
    before = kept(visitor)
    told["role"] = "admin"
    client = made.app.extensions["auth0"].client

    async def none(domain: str) -> t.NoReturn:
        raise TenantUnavailable()

    with monkeypatch.context() as patch:
        patch.setattr(client.discovery, "jwks", none)
        assert visitor.fetch("/renew").status_code == 200
    after = kept(visitor)
    assert after["user"] == before["user"]
    assert after["refresh_token"] != before["refresh_token"]
    visitor.fetch("/renew")
    assert role(visitor) == "admin"


@pytest.mark.parametrize("claims", [{"email": 5}, {"given_name": ["x"]}], ids=str)
def test_claims_that_make_no_sense_cost_no_token(
    visitor: Visitor, told: Claims, claims: Claims
) -> None:
    visitor.log_in()
    before = kept(visitor)
    told.update(claims, role="admin")
    assert visitor.fetch("/renew").status_code == 200
    after = kept(visitor)
    assert after["user"] == before["user"]
    assert after["refresh_token"] != before["refresh_token"]
