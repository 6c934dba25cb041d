"""Requests that link and unlink accounts, which the app pushes as those of logins."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, abort, make_response

from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.authorization_requests import PushedRequests
from tests.flows.conftest import add_starts
from tests.flows.going import ACCOUNT, choose
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor, query_of

from .ways import OFFLINE, by_certificate, by_key, by_secret

SUB = "auth0|ada"


@pytest.fixture(params=[by_secret, by_key, by_certificate])
def app(
    request: pytest.FixtureRequest, make_app: MakeApp, tenant: TenantServer
) -> Flask:
    way = request.param(tenant)
    pushed = {"pushed_authorization_requests": True, "scope": OFFLINE}
    app = make_app({"DEBUG": True}, **pushed, **way)
    add_starts(app)
    return app


@pytest.fixture
def visitor(app: Flask, make_visitor: MakeVisitor, tenant: TenantServer) -> Visitor:
    visitor = make_visitor(app)
    visitor.log_in()
    return visitor


def test_the_browser_sees_no_more_than_it_has_to(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.client.require_pushed_authorization_requests = True
    linked: list[t.Any] = []
    for path in ("/sync/link?next=/profile", "/async/unlink?next=/profile"):
        begun = visitor.get(path)
        assert [*query_of(begun.location)] == ["client_id", "request_uri"]
        response = visitor.get(choose(visitor, begun, account=ACCOUNT))
        assert (response.status_code, response.location) == (302, "/profile")
        linked.append(dict(tenant.tenant.accounts.linked(SUB)))
    assert linked == [{"github": ACCOUNT}, {}]
    assert visitor.user()["sub"] == SUB


@pytest.mark.parametrize("app", [by_secret], indirect=True)
@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (("", 503), 503, ""),
        (("<html>", 400), 502, "no JSON"),
        (([], 201), 502, "no JSON"),
        (({"error": "invalid_request"}, 400), 502, "invalid_request"),
    ],
)
def test_a_tenant_that_takes_nothing(
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    answer: t.Any,
    status: int,
    told: str,
) -> None:
    def save(*args: t.Any) -> t.Any:
        abort(make_response(answer))

    monkeypatch.setattr(PushedRequests, "save", save)
    for path in ("/sync/link", "/sync/login"):
        response = visitor.get(path)
        assert response.status_code == status, path
        assert told in response.text
