"""A tenant that has said "429" to one request is asked by none, until it may be."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.clock import Clock
from tests.harness.visitor import MakeApp, MakeVisitor, error_of

from .refreshing import OFFLINE, add_views

#: Seconds that the tenant asks to wait.
WAIT = 20


@pytest.fixture
def app(
    make_app: MakeApp,
    redis_settings: dict[str, t.Any],
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Flask:
    monkeypatch.setattr(tenant.tenant.lifetimes, "access_token", 3600)
    app = make_app(redis_settings, scope=OFFLINE)
    add_views(app)

    @app.get("/google")
    def google() -> str:
        return Auth0().get_access_token_for_connection("google-oauth2")

    return app


@pytest.mark.parametrize("first", ["refresh", "callback"])
def test_one_answer_counts_for_all(
    app: Flask,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    clock: Clock,
    first: str,
) -> None:
    visitor, newcomer, another = (make_visitor(app) for _ in range(3))
    visitor.log_in()
    callbacks = [each.authorize(each.get("/login")) for each in (newcomer, another)]
    tenant.tenant.limit_next_token_request(WAIT)
    if first == "callback":
        refused = another.get(callbacks[1])
    else:
        refused = visitor.get("/token?force")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, str(WAIT))
    tenant.tenant.token_requests.clear()
    clock.passed += 5
    for answer in (visitor.get("/token?force"), newcomer.get(callbacks[0])):
        assert error_of(answer) == "temporarily_unavailable"
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
    assert tenant.tenant.token_requests == []
    # What needs no answer of that endpoint goes on.
    assert visitor.get("/profile").status_code == 200
    assert visitor.fetch("/token").status_code == 200
    assert "/authorize" in visitor.get("/login?prompt=login").location
    clock.passed += 15
    # The callbacks were not spent, not even the one that the tenant has refused: they
    # lead on, and not to another login.
    for each, callback in zip((newcomer, another), callbacks, strict=True):
        assert each.get(callback).location == "/"
        assert each.fetch("/profile").status_code == 200
    assert visitor.fetch("/token?force").status_code == 200


def test_a_token_that_is_still_good_is_used(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer, clock: Clock
) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    token = visitor.fetch("/token").text
    tenant.tenant.token_requests.clear()
    tenant.tenant.limit_next_token_request(WAIT)
    # It ends within the leeway, so it is to be refreshed.
    clock.offset += 3600 - 10
    for _ in range(2):
        assert visitor.fetch("/token").text == token
    assert len(tenant.tenant.token_requests) == 1
    assert visitor.fetch("/token?force").status_code == 503
    clock.offset += 10
    assert visitor.fetch("/token").status_code == 503
    clock.passed += WAIT
    assert visitor.fetch("/token").status_code == 200


def test_a_connections_token_that_is_still_good_is_used(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer, clock: Clock
) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    body = b'{"access_token": "of-google", "token_type": "Bearer", "expires_in": 3600}'
    tenant.tenant.fail_next_token_request(200, body)
    assert visitor.fetch("/google").text == "of-google"
    tenant.tenant.limit_next_token_request(WAIT)
    clock.offset += 3600 - 10
    assert visitor.fetch("/google").text == "of-google"
    assert tenant.tenant.take_failure() is None
    tenant.tenant.limit_next_token_request(WAIT)
    clock.offset += 10
    assert visitor.fetch("/google").status_code == 503
