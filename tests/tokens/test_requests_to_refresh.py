"""When a refresh is asked for, what for, and what is said where it fails."""

from __future__ import annotations

import typing as t

import pytest
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
from flask import Flask

from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.grants import RefreshGrant
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

from .refreshing import API, OFFLINE, add_views, refreshes


def test_the_leeway(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
) -> None:
    tenant.tenant.lifetimes.access_token = 20
    for leeway, refreshed in [(30, 1), (0, 0)]:
        app = make_app(scope=OFFLINE, token_refresh_leeway=leeway)
        add_views(app)
        visitor = make_visitor(app)
        visitor.log_in()
        tenant.tenant.token_requests.clear()
        # A refreshed one is as short, and is used for half of its time all the same.
        tokens = [visitor.fetch("/token").text for _ in range(3)]
        assert len(set(tokens)) == 1
        assert len(refreshes(tenant)) == refreshed


def test_a_narrower_scope_than_asked_for_is_not_asked_for_again(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    tenant.tenant.token_requests.clear()
    answers = [visitor.fetch("/token?scope=write:everything") for _ in range(3)]
    assert {each.status_code for each in answers} == {200}
    assert len({each.text for each in answers}) == 1
    assert refreshes(tenant) == ["ok"]


def test_a_refresh_asks_for_no_more_than_was_granted(
    make_app: MakeApp,
    config: dict[str, t.Any],
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Auth0 overlooks it, and others refuse it (RFC 6749, section 6)."""
    strict = RefreshTokenGrant._validate_token_scope
    monkeypatch.setattr(RefreshGrant, "_validate_token_scope", strict)
    app = make_app(config, scope=f"{OFFLINE} write:everything", audience=API)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    expired()
    tenant.tenant.token_requests.clear()
    assert visitor.fetch("/token").status_code == 200
    assert refreshes(tenant) == ["ok"]
    # More than that is asked for if the app wants it.
    assert visitor.fetch("/token?scope=write:all").status_code == 502
    assert refreshes(tenant) == ["ok", "invalid_scope"]


def test_a_text_as_lifetime(
    app: Flask, visitor: Visitor, tenant: TenantServer, expired: t.Callable[[], None]
) -> None:
    visitor.log_in()
    tenant.tenant.fail_next_token_request(
        status=200,
        body=b'{"access_token": "text", "token_type": "Bearer", "expires_in": "3600"}',
    )
    assert visitor.fetch("/token").text == "text"
    assert visitor.fetch("/token").text == "text"


def test_one_more_factor(
    app: Flask, visitor: Visitor, tenant: TenantServer, expired: t.Callable[[], None]
) -> None:
    for extra in ["", ', "mfa_token": "raw-mfa-token"']:
        visitor.log_in()
        body = '{"error": "mfa_required", "error_description": "More"' + extra + "}"
        tenant.tenant.fail_next_token_request(status=403, body=body.encode())
        told = visitor.fetch("/token")
        assert told.status_code == 401
        content = told.get_json()
        assert content["error"] == "mfa_required"
        assert "acr_values=http" in content["login_url"]
        assert "raw-mfa-token" not in told.text
        assert visitor.user() is not None


def test_what_it_says_when_it_cannot(
    app: Flask, visitor: Visitor, tenant: TenantServer, expired: t.Callable[[], None]
) -> None:
    cases = {
        "login_required": (401, 400, b'{"error": "invalid_grant"}'),
        "mfa_required": (401, 403, b'{"error": "mfa_required"}'),
        "temporarily_unavailable": (503, 500, b"oops"),
    }
    for error, (answer, status, body) in cases.items():
        visitor.log_in()
        tenant.tenant.fail_next_token_request(status=status, body=body)
        told = visitor.fetch("/token")
        assert (told.status_code, told.get_json()["error"]) == (answer, error)
