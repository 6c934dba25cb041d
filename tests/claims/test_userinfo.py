"""Claims that only the userinfo has are new when a user is refreshed, and stay else."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, request

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.userinfo import UserInfo
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor
from tests.tokens.refreshing import API, OFFLINE, add_views, at_once, refreshes


@pytest.fixture(params=["cookies", "redis", "own"])
def visitor(
    request: pytest.FixtureRequest,
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Visitor:
    """Somebody of the department of engines, who is logged in."""
    monkeypatch.setattr(tenant.tenant, "userinfo_claims", {"department": "Engines"})
    config, more = {}, {"state_store": SimpleStore()}
    if request.param == "redis":
        config = request.getfixturevalue("redis_settings")
    config["AUTH0_RESPONSE_HEADER_LIMIT"] = 16384
    more = more if request.param == "own" else {}
    app = make_app(config, fetch_userinfo=True, scope=OFFLINE, audience=API, **more)
    add(app)
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["department"] == "Engines"
    return visitor


def add(app: Flask) -> None:
    add_views(app)
    auth0 = Auth0()

    @app.get("/renew")
    def renew() -> t.Any:
        return auth0.refresh_user()

    @app.get("/update")
    def update() -> t.Any:
        auth0.update_session(request.args.to_dict())
        return {}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The access tokens with which the userinfo was asked for."""
    asked, call = [], UserInfo.__call__

    def watched(self: UserInfo, it: t.Any) -> t.Any:
        asked.append(request.headers["Authorization"])
        return call(self, it)

    monkeypatch.setattr(UserInfo, "__call__", watched)
    return asked


def test_they_are_what_the_tenant_says_now(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.userinfo_claims = {"floor": 5, "email": "evil@example.com"}
    visitor.fetch("/token?force")
    assert visitor.user()["department"] == "Engines"
    renewed = visitor.fetch("/renew").get_json()
    assert renewed["floor"] == visitor.user()["floor"] == 5
    assert "department" not in visitor.user()
    assert visitor.user()["email"] == "ada@example.com"
    visitor.fetch("/token?force")
    assert visitor.user()["floor"] == 5


def test_what_the_app_has_changed_stays(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.fetch("/update?department=Analysis&desk=7")
    tenant.tenant.userinfo_claims = {"department": "Looms", "desk": 8, "floor": 5}
    visitor.fetch("/renew")
    found = visitor.user()
    assert (found["department"], found["desk"], found["floor"]) == ("Analysis", "7", 5)


def test_somebody_elses_changes_nothing(visitor: Visitor, tenant: TenantServer) -> None:
    tenant.tenant.userinfo_claims = {"sub": "auth0|grace", "department": "Looms"}
    assert visitor.fetch("/renew").status_code == 502
    assert visitor.user()["department"] == "Engines"
    tenant.tenant.userinfo_claims = {"department": "Looms"}
    assert visitor.fetch("/renew").get_json()["department"] == "Looms"


@pytest.mark.parametrize("visitor", ["cookies", "redis"], indirect=True)
def test_many_ask_at_once_and_one_question_reaches_the_tenant(
    visitor: Visitor, tenant: TenantServer, asked: list[str]
) -> None:
    tenant.tenant.userinfo_claims = {"department": "Looms"}
    tenant.tenant.token_requests.clear()
    tenant.tenant.fail_next_token_request(status=None, delay=0.3)
    answers = at_once(visitor, ["/renew"] * 6)
    assert [each.get_json()["department"] for each in answers] == ["Looms"] * 6
    assert (refreshes(tenant), len(asked)) == (["ok"], 1)
