"""Tokens of connections, as the tenant itself answers with them."""

from __future__ import annotations

import json
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp, Visitor

TOKEN = {"access_token": "of-google", "token_type": "Bearer", "scope": "email"}


@pytest.fixture(params=["cookie", "redis"])
def app(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    config: dict[str, t.Any] = {}
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        config = {"SESSION_TYPE": "redis", "SESSION_REDIS": url}
    app = make_app(config, scope="openid profile email offline_access")

    @app.get("/google")
    def google() -> str:
        return Auth0().get_access_token_for_connection("google-oauth2")

    return app


def answer(tenant: TenantServer, content: t.Any, status: int = 200) -> None:
    """Let the tenant answer the next request for tokens."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    tenant.tenant.fail_next_token_request(status=status, body=body)


def test_it_is_asked_for_once(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    answer(tenant, {**TOKEN, "expires_in": 3600})
    assert visitor.fetch("/google").text == "of-google"
    # The development tenant would refuse a second request.
    assert visitor.fetch("/google").text == "of-google"


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"<html>", 200, 502),
        ([], 200, 502),
        ([], 403, 502),
        ({}, 200, 502),
        ({**TOKEN, "access_token": ["x"]}, 200, 502),
        ({**TOKEN, "token_type": "mac"}, 200, 502),
        ({**TOKEN, "scope": {}}, 200, 502),
        ({"error": "invalid_grant"}, 403, 401),
        ({"error": ["x"]}, 400, 502),
        ({}, 503, 503),
        ({}, 429, 503),
    ],
    ids=str,
)
def test_an_answer_that_is_none(
    visitor: Visitor, tenant: TenantServer, content: t.Any, status: int, told: int
) -> None:
    visitor.log_in()
    answer(tenant, content, status)
    assert visitor.fetch("/google").status_code == told
    assert visitor.user() is not None
    answer(tenant, {**TOKEN, "expires_in": 3600})
    assert visitor.fetch("/google").text == "of-google"


def test_an_error_as_auth0_sends_it(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    tenant.tenant.fail_next_token_request(
        status=403,
        body=b'{"error": "invalid_grant"}',
        content_type="application/json; charset=utf-8",
    )
    told = visitor.fetch("/google")
    assert told.status_code == 401
    assert told.get_json()["error"] == "login_required"


def test_a_tenant_that_is_away(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    client = visitor.app.extensions["auth0"].client
    client.transports.breakers.only.failed(float("inf"))
    assert visitor.fetch("/google").status_code == 503
    assert visitor.user() is not None


@pytest.mark.parametrize("lifetime", [10**400, "soon", None, [], True, -5])
def test_any_lifetime(visitor: Visitor, tenant: TenantServer, lifetime: t.Any) -> None:
    visitor.log_in()
    answer(tenant, {**TOKEN, "expires_in": lifetime})
    assert visitor.fetch("/google").text == "of-google"
    assert visitor.user() is not None
