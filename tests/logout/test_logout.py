"""Logging out, here and at the tenant."""

from __future__ import annotations

import typing as t

import httpx
import pytest
from flask import Flask

from flask_auth0 import Auth0, user_logged_out
from flask_auth0.client.discovery import Discovery
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import (
    ADA,
    HOST,
    MakeApp,
    MakeVisitor,
    Visitor,
    add_views,
    query_of,
)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logging_out(visitor: Visitor, tenant: TenantServer, method: str) -> None:
    visitor.log_in()
    heard: list[t.Any] = []
    with user_logged_out.connected_to(lambda app, user: heard.append(user["email"])):
        response = visitor.client.open("/logout", base_url=HOST, method=method)
    assert heard == [ADA]
    assert response.cache_control.no_store
    assert response.location.startswith(f"{tenant.url}/oidc/logout?")
    query = query_of(response.location)
    assert query["id_token_hint"].count(".") == 2
    assert query["post_logout_redirect_uri"] == f"{HOST}/"
    assert visitor.http.get(response.location).headers["Location"] == f"{HOST}/"
    assert tenant.tenant.sessions() == []
    assert visitor.user() is None
    # The cookie names the ended session for some minutes, for answers on their way.
    assert list(visitor.cookies()) == ["session_a0_ended"]


def test_logging_out_twice(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.get("/logout")
    assert visitor.get("/logout").status_code == 302


def test_v2(make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer) -> None:
    visitor = make_visitor(make_app(logout_strategy="v2"))
    visitor.log_in()
    location = visitor.get("/logout").location
    assert location.startswith(f"{tenant.url}/v2/logout?")
    assert query_of(location)["returnTo"] == f"{HOST}/"
    assert visitor.http.get(location).headers["Location"] == f"{HOST}/"


@pytest.mark.usefixtures("without_endpoint")
def test_auto_falls_back_where_the_tenant_has_no_endpoint_for_it(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(make_app())
    visitor.log_in()
    assert "/v2/logout?" in visitor.get("/logout").location


def test_oidc(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(make_app(logout_strategy="oidc"))
    visitor.log_in()
    location = visitor.get("/logout").location
    assert "/oidc/logout?" in location
    query = query_of(location)
    assert query["id_token_hint"]
    assert query["client_id"] == "the-client"
    assert "federated" not in query
    assert visitor.http.get(location).headers["Location"] == f"{HOST}/"
    assert visitor.user() is None


@pytest.mark.usefixtures("without_endpoint")
def test_oidc_has_no_other_way(
    make_app: MakeApp, make_visitor: MakeVisitor, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = make_visitor(make_app({"DEBUG": True}, logout_strategy="oidc"))
    visitor.log_in()
    heard: list[t.Any] = []
    with user_logged_out.connected_to(lambda app, user: heard.append(user["email"])):
        response = visitor.get("/logout")
    assert response.status_code == 502
    assert "AUTH0_LOGOUT_STRATEGY" in response.text
    assert 'href="/"' in response.text
    assert "AUTH0_LOGOUT_STRATEGY" in caplog.text
    # Here the session has ended all the same.
    assert heard == [ADA]
    assert visitor.user() is None


@pytest.mark.parametrize("strategy", ["auto", "oidc", "v2"])
def test_federated(
    options: dict[str, t.Any], make_visitor: MakeVisitor, strategy: str
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options, logout_strategy=strategy)

    @app.get("/leave/<int:federated>")
    def leave(federated: int) -> t.Any:
        return auth0.logout(federated=bool(federated))

    visitor = make_visitor(app)
    endpoint = "/v2/logout?" if strategy == "v2" else "/oidc/logout?"
    for federated in [True, False]:
        location = visitor.get(f"/leave/{int(federated)}").location
        assert endpoint in location
        assert ("federated" in query_of(location)) is federated
    # A view alone decides about ``federated``.
    assert "federated" not in visitor.get("/logout?federated").location


def test_a_tenant_that_is_down_keeps_nobody_logged_in(
    make_app: MakeApp, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(self: t.Any, domain: str) -> t.Any:
        raise httpx.ConnectError("refused")

    visitor = make_visitor(make_app())
    visitor.log_in()
    client = make_app().test_client()
    for name, value in visitor.cookies().items():
        client.set_cookie(name, value, domain="localhost")
    visitor.client = client
    monkeypatch.setattr(Discovery, "_fetch_metadata", unreachable)
    assert visitor.user() is not None
    assert "/v2/logout" in visitor.get("/logout").location
    assert visitor.user() is None


def test_an_id_token_that_is_too_long_for_a_url_is_left_out(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["roles"] = "x" * 5000
    visitor.log_in()
    query = query_of(visitor.get("/logout").location)
    assert "id_token_hint" not in query
    assert query["logout_hint"]


def test_logging_out_from_a_view_of_the_app(
    options: dict[str, t.Any], make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options, logout_path="")
    add_views(app)

    @app.get("/bye")
    def bye() -> t.Any:
        return auth0.logout("/goodbye", federated=True)

    visitor = make_visitor(app)
    visitor.log_in()
    response = visitor.get("/bye")
    assert response.cache_control.no_store
    query = query_of(response.location)
    assert query["post_logout_redirect_uri"] == f"{HOST}/goodbye"
    assert query["federated"] == "true"
    assert visitor.user() is None
    assert visitor.get("/logout").status_code == 404


def test_logging_out_is_no_login_that_did_not_last(visitor: Visitor) -> None:
    for _ in range(4):
        visitor.log_in()
        visitor.get("/logout")
        assert not [name for name in visitor.cookies() if "loop" in name]
