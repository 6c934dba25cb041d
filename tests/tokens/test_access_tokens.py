"""Access tokens in views: refreshed, or an error that says why not."""

from __future__ import annotations

import typing as t

import pytest
from auth0_server_python.error import AccessTokenError
from flask import Flask

from flask_auth0 import (
    Auth0,
    Auth0Error,
    LoginRequired,
    login_required,
    token_refreshed,
)
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor

OFFLINE = "openid profile email offline_access"


@pytest.fixture
def app(app_with_tokens: Flask) -> Flask:
    """That app, with a view that waits for the token."""

    @app_with_tokens.get("/async-token")
    @login_required
    async def async_token() -> str:
        return await Auth0().client.get_access_token()

    return app_with_tokens


def test_tokens_in_sync_and_async_views(visitor: Visitor) -> None:
    visitor.log_in()
    token = visitor.get("/token").text
    assert token.count(".") == 2
    assert [visitor.get("/async-token").text for _ in range(5)] == [token] * 5


@pytest.mark.usefixtures("short_tokens")
@pytest.mark.parametrize("path", ["/token", "/async-token"])
def test_an_expired_token_is_refreshed(
    visitor: Visitor, tenant: TenantServer, path: str
) -> None:
    visitor.log_in()
    heard: list[Flask] = []
    before = len(tenant.tenant.token_requests)
    with token_refreshed.connected_to(lambda app: heard.append(app)):
        tokens = {visitor.get(path).text for _ in range(3)}
    assert len(tokens) == 3
    assert heard == [visitor.app] * 3
    requests = tenant.tenant.token_requests[before:]
    assert [each.grant_type for each in requests] == ["refresh_token"] * 3
    assert visitor.user()["email"] == ADA


def test_without_an_audience_a_refresh_is_enough_for_the_next_call(
    make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    """The SDK alone refreshes with every call from then on, and loses the ID token."""
    app = make_app(scope=OFFLINE)
    auth0 = Auth0()

    @app.get("/token")
    def token() -> t.Any:
        found = auth0.get_session()
        assert found is not None
        return {"token": auth0.get_access_token(), "id_token": found["id_token"]}

    visitor = make_visitor(app)
    lifetimes = tenant.tenant.lifetimes
    before, lifetimes.access_token = lifetimes.access_token, 0
    visitor.log_in()
    lifetimes.access_token = before
    requests = len(tenant.tenant.token_requests)
    tokens = {visitor.get("/token").get_json()["token"] for _ in range(5)}
    assert len(tokens) == 1
    assert len(tenant.tenant.token_requests) == requests + 1
    assert visitor.get("/token").get_json()["id_token"]


@pytest.mark.usefixtures("short_tokens")
@pytest.mark.parametrize("path", ["/token", "/async-token"])
@pytest.mark.parametrize(
    ("failure", "status", "error"),
    [
        ({"status": 500}, 503, "temporarily_unavailable"),
        ({"status": 503, "body": b"<html>"}, 503, "temporarily_unavailable"),
        ({"status": 400, "body": b'{"error": "invalid_grant"}'}, 401, "login_required"),
        ({"status": 200, "body": b"rubbish"}, 502, "invalid_response"),
    ],
)
def test_a_refresh_that_fails_is_explained(
    visitor: Visitor,
    tenant: TenantServer,
    path: str,
    failure: dict[str, t.Any],
    status: int,
    error: str,
) -> None:
    visitor.log_in()
    tenant.tenant.fail_next_token_request(**failure)
    page = visitor.get(path)
    assert page.status_code == status
    assert page.mimetype == "text/html"
    assert "Traceback" not in page.text
    assert 'class="action"' in page.text
    tenant.tenant.fail_next_token_request(**failure)
    answer = visitor.fetch(path)
    assert answer.status_code == status
    assert answer.get_json()["error"] == error
    # The old state is intact: the next call tries again.
    assert visitor.get(path).status_code == 200


def test_without_a_refresh_token_a_new_login_is_asked_for(app: Flask) -> None:
    client = logged_in_client(app, expires_in=-1)
    for path in ["/token", "/async-token"]:
        answer = client.get(path)
        assert answer.status_code == 401
        assert answer.get_json()["login_url"].startswith("/login?next=")


def test_nobody_has_no_token(visitor: Visitor) -> None:
    answer = visitor.fetch("/token")
    assert answer.status_code == 401
    assert answer.get_json()["login_url"] == "/login?next=/"


def test_an_app_can_handle_the_sdks_errors_itself(app: Flask) -> None:
    @app.errorhandler(AccessTokenError)
    def handle(error: AccessTokenError) -> t.Any:
        return "handled", 418

    client = logged_in_client(app, expires_in=-1)
    assert client.get("/async-token").status_code == 418


def test_our_errors_reach_the_apps_handlers(app: Flask) -> None:
    @app.errorhandler(Auth0Error)
    def handle(error: Auth0Error) -> t.Any:
        return type(error).__name__, 418

    client = logged_in_client(app, expires_in=-1)
    for path in ["/token", "/async-token"]:
        assert client.get(path).text == LoginRequired.__name__
