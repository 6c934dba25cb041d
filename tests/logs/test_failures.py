"""The line of a failure: what the tenant said, and what an operator can do."""

from __future__ import annotations

import certifi
import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.proxy import Proxy
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor, query_of
from tests.tokens.refreshing import API, OFFLINE
from tests.tokens.refreshing import add_views as add_token_views

from .telling import Told


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app(scope=OFFLINE, audience=API)
    add_token_views(app)
    return app


def test_what_the_tenant_said_at_the_callback(visitor: Visitor, told: Told) -> None:
    state = query_of(visitor.get("/login").location)["state"]
    said = "Service not found: https://api.exmaple.com"
    told()
    visitor.get(f"/callback?error=access_denied&error_description={said}&state={state}")
    (line,) = told()
    assert (line.reason, line.event) == ("refused_by_tenant", "login")
    assert (line.error, line.error_description) == ("access_denied", said)
    assert said in line.getMessage()
    assert "Compare AUTH0_AUDIENCE" in line.getMessage()


#: Certificates that are not the tenant's.
OTHERS = certifi.where()
REFUSALS = [
    (401, "invalid_client", "Unauthorized", "client_refused", 502),
    (
        403,
        "access_denied",
        "Service not enabled",
        "refused_by_tenant",
        502,
    ),
    (403, "access_denied", "Service not found: x", "refused_by_tenant", 502),
    (403, "invalid_grant", "Unknown or invalid refresh token.", None, 401),
    (400, "invalid_request", "Unknown or invalid refresh token.", None, 401),
]


@pytest.mark.parametrize(("status", "error", "said", "reason", "answered"), REFUSALS)
def test_what_the_tenant_said_at_a_refresh(
    visitor: Visitor,
    tenant: TenantServer,
    told: Told,
    status: int,
    error: str,
    said: str,
    reason: str | None,
    answered: int,
) -> None:
    visitor.log_in()
    told()
    body = f'{{"error": "{error}", "error_description": "{said}"}}'.encode()
    tenant.tenant.fail_next_token_request(status, body)
    assert visitor.fetch("/token?force").status_code == answered
    (line,) = told()
    assert line.reason == (reason or "refresh_token_refused")
    assert line.levelname == "WARNING"
    assert line.sub == "auth0|ada"
    assert (line.status, line.tenant_error, line.error_description) == (
        status,
        error,
        said,
    )
    assert line.endpoint == f"{tenant.url}/oauth/token"
    if reason == "client_refused":
        assert "AUTH0_CLIENT_SECRET" in line.getMessage()
    is_unknown = said.startswith("Service not found")
    assert ("Compare AUTH0_AUDIENCE" in line.getMessage()) == is_unknown


@pytest.mark.parametrize("where", ["callback", "refresh"])
def test_a_rate_limit_is_called_one(
    visitor: Visitor, tenant: TenantServer, told: Told, where: str
) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    if where == "refresh":
        visitor.get(callback)
    told()
    tenant.tenant.limit_next_token_request(retry_after=17)
    answer = visitor.get({"callback": callback, "refresh": "/token?force"}[where])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "17")
    (line,) = told()
    assert (line.reason, line.status) == ("rate_limited", 429)
    assert line.error_description == "Global limit has been reached"
    assert "The tenant's rate limit is reached" in line.getMessage()


def test_what_looks_like_a_secret_is_left_out(
    visitor: Visitor, tenant: TenantServer, told: Told
) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    code = query_of(callback)["code"]
    told()
    body = f'{{"error": "invalid_client", "error_description": "No, {code}!"}}'
    tenant.tenant.fail_next_token_request(401, body.encode())
    visitor.get(callback)
    (line,) = told()
    assert line.error_description == "No, [...]!"
    assert code not in line.getMessage()


def test_a_wrong_setting_is_for_the_log_alone(
    make_app: MakeApp, make_visitor: MakeVisitor, told: Told
) -> None:
    app = make_app({"TESTING": False})
    answer = make_visitor(app).get("/login")
    assert answer.status_code == 500
    assert "development" not in answer.text
    (line,) = [each for each in told() if each.levelname == "ERROR"]
    assert line.reason == "configuration_error"
    assert "is a development tenant" in line.getMessage()
    assert "AUTH0_ALLOW_DEVELOPMENT_TENANT" in line.getMessage()


def test_a_session_that_cannot_be_renewed_says_why(
    make_app: MakeApp, make_visitor: MakeVisitor, told: Told, short_tokens: None
) -> None:
    app = make_app({"DEBUG": True}, audience=API)
    app.add_url_rule("/token", "token", lambda: Auth0().get_access_token())
    visitor = make_visitor(app)
    assert visitor.fetch("/token").status_code == 401
    (nobody,) = told()
    assert nobody.reason == "login_required"
    visitor.log_in()
    told()
    page = visitor.get("/token")
    assert page.status_code == 401
    assert "AUTH0_SCOPE needs offline_access" in page.text
    (line,) = told()
    assert (line.reason, line.levelname) == ("no_refresh_token", "WARNING")
    assert "AUTH0_SCOPE needs offline_access" in line.getMessage()


@pytest.mark.parametrize(
    ("environment", "reason", "told_of"),
    [
        ({}, "tenant_unreachable", "AUTH0_DOMAIN"),
        ({"HTTPS_PROXY": "http://a:b@127.0.0.1:9"}, "proxy_failed", "127.0.0.1:9"),
        ({"SSL_CERT_FILE": OTHERS}, "certificate_not_trusted", OTHERS),
    ],
)
def test_why_the_tenant_cannot_be_reached(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
    told: Told,
    environment: dict[str, str],
    reason: str,
    told_of: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    domain = tenant.domain if "SSL_CERT_FILE" in environment else "127.0.0.1:9"
    assert make_visitor(make_app(domain=domain)).get("/login").status_code == 503
    (line,) = told()
    assert line.reason == reason
    assert told_of in line.getMessage()
    assert "a:b@" not in line.getMessage()
    assert line.endpoint == f"https://{domain}/.well-known/openid-configuration"


def test_a_connection_token_while_the_tenant_is_down(
    way: Proxy, make_app: MakeApp, make_visitor: MakeVisitor, told: Told
) -> None:
    app = make_app(scope=OFFLINE, domain=f"127.0.0.1:{way.port}")
    find = Auth0().get_access_token_for_connection
    app.add_url_rule("/google", "google", lambda: find("google-oauth2"))
    visitor = make_visitor(app)
    visitor.log_in()
    way.cut()
    told()
    assert visitor.fetch("/google").status_code == 503
    (line,) = told()
    assert (line.reason, line.sub) == ("tenant_unreachable", "auth0|ada")
