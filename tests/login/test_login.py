"""Logins: what is sent to the tenant, and that the callback never dead-ends."""

from __future__ import annotations

import json
import time
import typing as t
from urllib.parse import quote, urlencode

import httpx
import pytest
from auth0_server_python.auth_server.server_client import ServerClient
from authlib.oauth2.client import OAuth2Client
from flask import Flask, request, session
from werkzeug.exceptions import Forbidden
from werkzeug.test import TestResponse

from flask_auth0 import (
    Auth0,
    Auth0Error,
    current_user,
    login_failed,
    login_required,
    user_logged_in,
)
from flask_auth0.client.responses import check_tokens
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import (
    ADA,
    FETCH,
    GRACE,
    HOST,
    SECRET,
    MakeApp,
    MakeVisitor,
    Visitor,
    query_of,
)


def error_of(response: TestResponse) -> t.Any:
    """The code on an error page."""
    assert response.mimetype == "text/html", response.text
    assert response.cache_control.no_store
    assert "Traceback" not in response.text
    return response.text.partition("Error <code>")[2].partition("<")[0]


def test_a_login(visitor: Visitor) -> None:
    assert visitor.user() is None
    response = visitor.log_in()
    assert (response.status_code, response.location) == (302, "/")
    assert visitor.user()["email"] == ADA
    assert visitor.get("/profile").text == "Hello Ada Lovelace"


def test_a_login_returns_to_where_it_began(visitor: Visitor) -> None:
    asked = visitor.get("/profile?tab=2&q=%C3%A4")
    assert asked.status_code == 302
    response = visitor.get(visitor.authorize(visitor.get(asked.location)))
    assert response.location == "/profile?tab=2&q=%C3%A4"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\t/evil.example",
        " //evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "/\u2028/evil.example",
        "/login",
        "/logout?x=1",
        "/callback",
        "evil.example",
        "/" + "a" * 3000,
    ],
)
def test_next_stays_on_this_origin(visitor: Visitor, target: str) -> None:
    response = visitor.log_in(path=f"/login?next={quote(target)}")
    assert response.location == "/"
    assert visitor.user()["email"] == ADA


def test_what_is_sent_to_the_tenant(visitor: Visitor) -> None:
    query = query_of(visitor.get("/login").location)
    assert query["scope"] == "openid profile email"
    assert query["redirect_uri"] == f"{HOST}/callback"
    assert query["code_challenge_method"] == "S256"
    assert query["response_type"] == "code"
    assert len(query["nonce"]) >= 24
    assert len(query["state"]) >= 24
    assert "audience" not in query


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", "login"),
        ("screen_hint", "signup"),
        ("login_hint", "ada@example.com"),
        ("connection", "github"),
        ("ui_locales", "de en"),
        ("max_age", "60"),
        ("acr_values", "mfa"),
        ("ext-theme", "dark"),
        ("organization", "org_1"),
        ("invitation", "ticket"),
    ],
)
def test_parameters_that_pass_through(visitor: Visitor, name: str, value: str) -> None:
    location = visitor.get(f"/login?{urlencode({name: value})}").location
    assert query_of(location)[name] == value


@pytest.mark.parametrize(
    "name",
    [
        "redirect_uri",
        "state",
        "nonce",
        "client_id",
        "response_type",
        "response_mode",
        "code_challenge",
        "code_challenge_method",
        "scope",
        "audience",
        "request",
        "request_uri",
        "session_token",
        "unheard_of",
    ],
)
def test_parameters_that_never_come_from_a_query(visitor: Visitor, name: str) -> None:
    query = query_of(visitor.get(f"/login?{name}=evil").location)
    assert query.get(name) != "evil"


def test_nobody_chooses_another_organization_than_the_configured_one(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(make_app(organization="org_ours"))
    location = visitor.get("/login?organization=org_theirs").location
    assert query_of(location)["organization"] == "org_ours"


def test_a_wrong_max_age_is_named(visitor: Visitor) -> None:
    response = visitor.get("/login?max_age=soon")
    assert response.status_code == 400
    assert "max_age" in response.text


def test_head_requests_consume_no_code(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    assert visitor.client.head(callback, base_url=HOST).status_code == 204
    assert visitor.get(callback).location == "/"
    assert visitor.user()["email"] == ADA


# The callback's ways on


def test_access_denied(visitor: Visitor) -> None:
    state = query_of(visitor.get("/login?next=/profile").location)["state"]
    heard: list[Auth0Error] = []
    with login_failed.connected_to(lambda app, error: heard.append(error)):
        response = visitor.get(
            f"/callback?error=access_denied&error_description=Not+today&state={state}"
        )
    assert response.status_code == 403
    assert error_of(response) == "access_denied"
    assert "Not today" in response.text
    assert 'href="/login?next=/profile"' in response.text
    assert [each.error for each in heard] == ["access_denied"]
    assert not [name for name in visitor.cookies() if "_tx_" in name]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("login_required", 401),
        ("consent_required", 401),
        ("interaction_required", 401),
        ("account_selection_required", 401),
        ("server_error", 503),
        ("temporarily_unavailable", 503),
        ("invalid_request", 400),
        ("unauthorized_client", 400),
        ("invalid_scope", 400),
        ("never_heard_of_it", 400),
        ("<script>alert(1)</script>", 400),
    ],
)
def test_every_other_oauth_error(visitor: Visitor, error: str, status: int) -> None:
    state = query_of(visitor.get("/login").location)["state"]
    description = "<script>alert(2)</script>"
    query = {"error": error, "error_description": description, "state": state}
    response = visitor.get(f"/callback?{urlencode(query)}")
    assert response.status_code == status
    assert "<script" not in response.text
    assert "Try again" in response.text


def test_errors_are_json_for_programs(visitor: Visitor) -> None:
    state = query_of(visitor.get("/login").location)["state"]
    response = visitor.fetch(f"/callback?error=access_denied&state={state}")
    assert response.status_code == 403
    assert response.get_json()["error"] == "access_denied"


def test_a_lost_transaction_starts_a_login_again_once(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    visitor.client = visitor.app.test_client()
    again = visitor.get(callback)
    assert "/authorize" in again.location
    callback = visitor.authorize(again)
    visitor.client = visitor.app.test_client()
    stopped = visitor.get(callback)
    assert stopped.status_code == 400
    assert error_of(stopped) == "cookies_refused"
    assert 'href="/login?next=/profile"' in stopped.text


def test_a_lost_transaction_keeps_next(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile?a%3D1"))
    visitor.client = visitor.app.test_client()
    response = visitor.get(visitor.authorize(visitor.get(callback)))
    assert response.location == "/profile?a=1"


def test_a_replayed_callback_goes_on_while_logged_in(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    assert visitor.get(callback).location == "/profile"
    replayed = visitor.get(callback)
    assert (replayed.status_code, replayed.location) == (302, "/profile")
    assert visitor.user()["email"] == ADA


def test_a_replayed_callback_while_logged_out_logs_in_anew(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    visitor.get(callback)
    visitor.get("/logout")
    assert "/authorize" in visitor.get(callback).location
    assert visitor.user() is None


@pytest.mark.parametrize(
    "query",
    [
        "?state=x&code=y",
        "?state=x.y.z&code=y",
        "?state=%00&code=%ff",
        "?code=y&state=" + "a" * 4000,
    ],
)
def test_a_callback_nobody_knows_starts_a_login(visitor: Visitor, query: str) -> None:
    response = visitor.get(f"/callback{query}")
    assert "/authorize" in response.location
    assert visitor.user() is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?state=",
        "?code=x",
        "?state=x",
        "?error=access_denied",
        "?error=access_denied&state=unknown&error_description=Call+this+number",
    ],
)
def test_what_is_no_answer_to_a_login_starts_none(visitor: Visitor, query: str) -> None:
    response = visitor.get(f"/callback{query}")
    assert response.status_code == 400
    assert error_of(response) == "login_failed"
    assert "Try again" in response.text
    assert "Call" not in response.text


def test_a_tenant_that_loses_every_state_is_no_circle(visitor: Visitor) -> None:
    statuses = []
    for _ in range(2):
        response = visitor.get("/callback?state=foreign&code=x")
        statuses.append(response.status_code)
    assert statuses == [302, 400]
    assert error_of(response) == "login_loop"


def test_a_tampered_state_logs_nobody_in(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    state = query_of(callback)["state"]
    for tampered in ["x" + state, state[:10], state.swapcase()]:
        visitor.get(callback.replace(state, tampered))
        assert visitor.user() is None


def test_a_callback_without_a_code(visitor: Visitor) -> None:
    state = query_of(visitor.get("/login").location)["state"]
    response = visitor.get(f"/callback?state={state}")
    assert response.status_code == 400
    assert error_of(response) == "login_failed"


def test_a_code_of_another_login_is_refused(visitor: Visitor) -> None:
    first = query_of(visitor.authorize(visitor.get("/login")))
    second = query_of(visitor.authorize(visitor.get("/login"), GRACE))
    mixed = urlencode({"code": second["code"], "state": first["state"]})
    response = visitor.get(f"/callback?{mixed}")
    assert response.status_code == 400
    assert error_of(response) == "invalid_grant"
    assert visitor.user() is None


RUBBISH: list[tuple[dict[str, t.Any], int]] = [
    ({"status": 500}, 503),
    ({"status": 503, "body": b"<html>", "content_type": "text/html"}, 503),
    ({"status": 429, "body": b"{}"}, 503),
    ({"status": 400, "body": b'{"error": "server_error"}'}, 503),
    ({"status": 200, "body": b"<html>", "content_type": "text/html"}, 502),
    ({"status": 200, "body": b""}, 502),
    ({"status": 200, "body": b"[]"}, 502),
    ({"status": 200, "body": b"null"}, 502),
    ({"status": 200, "body": b"{}"}, 502),
    ({"status": 200, "body": b'{"access_token": 1, "id_token": 2}'}, 502),
    ({"status": 200, "body": b'{"access_token": "a", "id_token": "a.b.c"}'}, 502),
    ({"status": 200, "body": b'{"access_token": "a", "expires_in": "soon"}'}, 502),
    ({"status": 200, "body": b'{"access_token": "a", "token_type": "Bearer"}'}, 502),
    ({"status": 401, "body": b'{"error": "invalid_client"}'}, 502),
    ({"status": 400, "body": b'{"error": "invalid_grant"}'}, 400),
    ({"status": 302, "body": b""}, 502),
]


@pytest.mark.parametrize(("answer", "status"), RUBBISH)
def test_a_tenant_that_answers_rubbish(
    visitor: Visitor, tenant: TenantServer, answer: dict[str, t.Any], status: int
) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    tenant.tenant.fail_next_token_request(**answer)
    response = visitor.get(callback)
    assert response.status_code == status, response.text
    assert error_of(response)
    assert 'href="/login?next=/profile"' in response.text
    assert visitor.user() is None
    assert not [name for name in visitor.cookies() if "_tx_" in name]


def test_a_slow_tenant(
    make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitor = make_visitor(make_app(timeout=1))
    callback = visitor.authorize(visitor.get("/login"))
    tenant.tenant.fail_next_token_request(status=None, delay=2)
    response = visitor.get(callback)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert error_of(response) == "temporarily_unavailable"


@pytest.mark.parametrize("headers", [None, FETCH])
def test_a_tenant_that_is_down(
    make_app: MakeApp, make_visitor: MakeVisitor, headers: t.Any
) -> None:
    visitor = make_visitor(make_app(domain="127.0.0.1:9", timeout=2))
    response = visitor.get("/login", **({"headers": headers} if headers else {}))
    assert response.status_code == 503
    assert "Location" not in response.headers


def test_a_tenant_with_an_untrusted_certificate(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    app = make_app({"DEBUG": True})
    response = make_visitor(app).get("/login")
    assert response.status_code == 503
    assert "SSL_CERT_FILE" in response.text


def test_an_id_token_for_another_login_is_refused(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["nonce"] = "of-another-login"
    response = visitor.log_in()
    assert response.status_code == 502
    assert visitor.user() is None


@pytest.mark.parametrize(
    "auth_time", [1, 10**400, -(10**400), float("nan"), "now"], ids=range(5)
)
def test_max_age_is_checked(
    visitor: Visitor, tenant: TenantServer, auth_time: t.Any
) -> None:
    tenant.tenant.extra_claims["auth_time"] = auth_time
    response = visitor.log_in(path="/login?max_age=60")
    assert response.status_code == 400
    assert visitor.user() is None


# Logins that do not last


def without_session(visitor: Visitor) -> None:
    """Lose the cookies of a session, as a browser does for which they are too large."""
    for name in visitor.cookies():
        if "head" in name or "body" in name:
            visitor.client.delete_cookie(name, domain="localhost")


def test_a_login_that_does_not_last_is_stopped(visitor: Visitor) -> None:
    for _ in range(2):
        asked = visitor.get("/profile")
        visitor.get(visitor.authorize(visitor.get(asked.location)))
        without_session(visitor)
    asked = visitor.get("/profile")
    stopped = visitor.get(asked.location)
    assert stopped.status_code == 400
    assert error_of(stopped) == "login_loop"
    assert "too large" in stopped.text
    # Trying again is up to the user.
    assert "/authorize" in visitor.get("/login").location


def test_a_session_cookie_that_is_refused_is_named(visitor: Visitor) -> None:
    for _ in range(2):
        visitor.log_in()
        without_session(visitor)
        visitor.client.delete_cookie("session", domain="localhost")
    stopped = visitor.get("/login")
    assert error_of(stopped) == "login_loop"
    assert "does not send back the cookie" in stopped.text


def test_logins_that_last_are_never_stopped(visitor: Visitor) -> None:
    @visitor.app.get("/forget")
    def forget() -> str:
        session.clear()
        return "forgotten"

    for _ in range(6):
        assert visitor.log_in().location == "/"
        visitor.get("/forget")
    for _ in range(6):
        assert visitor.log_in().location == "/"
        visitor.get("/logout")
    for _ in range(6):
        assert visitor.log_in().location == "/"


def test_old_logins_are_not_counted(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        visitor.log_in()
        without_session(visitor)
    marker = visitor.cookies()["session_a0_loop"]
    later = time.time() + 61
    monkeypatch.setattr("flask_auth0.views.repeated_logins.time.time", lambda: later)
    # A browser whose clock is behind still sends it.
    visitor.set_cookie("session_a0_loop", marker)
    assert "/authorize" in visitor.get("/login").location


# Signals, and logins that the app starts


def test_the_signal_tells_who_logged_in(visitor: Visitor) -> None:
    heard: list[str] = []
    with user_logged_in.connected_to(
        lambda app, user: heard.append(user["email"]), sender=visitor.app
    ):
        visitor.log_in()
    assert heard == [ADA]


def test_a_login_from_a_view_of_the_app(
    make_visitor: MakeVisitor, options: dict[str, t.Any]
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options, login_path="")

    @app.get("/enter")
    def enter() -> t.Any:
        return auth0.login("/inside", login_hint=request.args["who"])

    @app.get("/inside")
    @login_required
    def inside() -> str:
        return str(current_user["email"])

    visitor = make_visitor(app)
    assert visitor.get("/login").status_code == 404
    response = visitor.get("/enter?who=grace")
    assert response.cache_control.no_store
    location = response.location
    assert query_of(location)["login_hint"] == "grace"
    response = visitor.log_in(path="/enter?who=grace")
    assert visitor.get(response.location).text == ADA
    visitor.get("/logout")
    # Without a route for it, a guarded view starts the login itself.
    assert "/authorize" in visitor.get("/inside").location
    assert visitor.fetch("/inside").get_json()["login_url"] is None


def test_no_secret_in_logs(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    visitor.get(callback)
    with visitor.app.test_request_context():
        pass
    visitor.get(callback.replace("code=", "code=x"))
    secrets = [query_of(callback)["code"], "the-client-secret", SECRET]
    ours = [r.getMessage() for r in caplog.records if "flask_auth0" in r.pathname]
    for secret in secrets:
        assert secret not in json.dumps(ours)


def test_log_lines_cannot_be_forged(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    state = query_of(visitor.get("/login").location)["state"]
    visitor.get(f"/callback?error=x%0aCRITICAL+forged&state={state}")
    ours = [r.getMessage() for r in caplog.records if "flask_auth0" in r.pathname]
    assert ours
    assert not any("forged" in line or "\n" in line for line in ours)


def test_a_receiver_that_raises_refuses_the_login(visitor: Visitor) -> None:
    def refuse(app: Flask, user: t.Any) -> None:
        raise Forbidden

    with user_logged_in.connected_to(refuse):
        assert visitor.log_in().status_code == 403
    assert visitor.user() is None


def test_max_age_from_the_configuration_is_checked_too(
    make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitor = make_visitor(make_app(authorization_params={"max_age": 60}))
    assert query_of(visitor.get("/login").location)["max_age"] == "60"
    tenant.tenant.extra_claims["auth_time"] = 1
    assert visitor.log_in().status_code == 400
    assert visitor.user() is None


@pytest.mark.parametrize("value", ["-1", "1.5", "9" * 5000, "\u0663", ""])
def test_wrong_ages(visitor: Visitor, value: str) -> None:
    assert visitor.get(f"/login?max_age={quote(value)}").status_code == 400


def test_the_way_back_keeps_its_characters(visitor: Visitor) -> None:
    @visitor.app.get("/files/<path:name>")
    @login_required
    def file(name: str) -> str:
        return name

    for path in [
        "/files/my%20report",
        "/files/a%3Fb%25c",
        "/files/%C3%A4%E2%80%A8?q=%20",
    ]:
        response = visitor.get(
            visitor.authorize(visitor.get(visitor.get(path).location))
        )
        assert response.location == path
        visitor.get("/logout")


@pytest.mark.parametrize("path", ["/./logout", "/%6cogout", "/x/../login", "/logout?a"])
def test_a_disguised_logout_is_not_where_to_go(visitor: Visitor, path: str) -> None:
    assert visitor.log_in(path=f"/login?next={quote(path)}").location == "/"


def test_below_a_prefix_a_login_ends_at_the_app(
    app: Flask, tenant: TenantServer, visitor: Visitor
) -> None:
    tenant.tenant.client.callbacks.append(f"{HOST}/mounted/callback")
    base = f"{HOST}/mounted"
    asked = visitor.client.get("/login", base_url=base)
    callback = visitor.authorize(asked).removeprefix(base)
    assert visitor.client.get(callback, base_url=base).location == "/mounted/"


@pytest.mark.parametrize(
    "claims",
    [{"iat": -30}, {"iat": 30}, {"exp": -30}],
    ids=["behind", "ahead", "just expired"],
)
def test_clocks_may_differ_a_little(
    visitor: Visitor, tenant: TenantServer, claims: dict[str, int]
) -> None:
    now = int(time.time())
    tenant.tenant.extra_claims.update({k: now + v for k, v in claims.items()})
    assert visitor.log_in().location == "/"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": 2**40},
        {"iss": "https://evil.example/"},
        {"aud": "another-client"},
        {"azp": "another-client"},
        {"sub": None},
        {"sub": ""},
    ],
)
def test_id_tokens_that_are_refused(
    visitor: Visitor, tenant: TenantServer, claims: dict[str, t.Any]
) -> None:
    tenant.tenant.extra_claims.update(claims)
    response = visitor.log_in()
    assert response.status_code in {400, 502}
    assert visitor.user() is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {
            "authorization_endpoint": "https://x/a",
            "issuer": "https://x/",
            "token_endpoint": "http://x/t",
            "jwks_uri": "https://x/j",
        },
        {"issuer": 1, "token_endpoint": "\ud800", "jwks_uri": "https://x/\r\n"},
    ],
)
def test_a_discovery_document_that_is_rubbish(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, document: t.Any
) -> None:
    async def fetch(self: t.Any, domain: str) -> t.Any:
        return document

    with monkeypatch.context() as patch:
        patch.setattr(ServerClient, "_fetch_oidc_metadata", fetch)
        assert visitor.get("/login").status_code == 502
        assert visitor.get("/logout").status_code == 302
    # It was not kept.
    assert visitor.log_in().location == "/"


def test_what_a_token_response_may_leave_out(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``expires_in`` as a text, and no ``scope`` where all of it was granted."""
    original = OAuth2Client.parse_response_token

    def parse(self: t.Any, response: t.Any) -> t.Any:
        seen.append(response.json())
        return original(self, response)

    seen: list[dict[str, t.Any]] = []
    monkeypatch.setattr(OAuth2Client, "parse_response_token", parse)
    check = check_tokens(
        httpx.Response(
            200,
            json={"access_token": "a", "expires_in": "60"},
            request=httpx.Request("POST", "https://x/"),
        ),
        scope="openid a",
    )
    assert check.json() == {"access_token": "a", "expires_in": 60, "scope": "openid a"}
    visitor.log_in()
    assert seen[0]["scope"] == "openid profile email"
    assert isinstance(seen[0]["expires_in"], int)


def test_a_long_next_does_not_make_the_url_long(visitor: Visitor) -> None:
    path = "/profile?q=" + "x" * 1500
    asked = visitor.get(f"/login?next={quote(path)}")
    assert len(query_of(asked.location)["state"]) < 200
    assert visitor.get(visitor.authorize(asked)).location == path


def test_the_code_in_the_callbacks_url_is_told_to_nobody(visitor: Visitor) -> None:
    response = visitor.get("/callback?code=x")
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_somebody_of_another_organization(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["org_id"] = "org_theirs"
    response = visitor.log_in(path="/login?organization=org_ours")
    assert response.status_code == 403
    assert "organization" in response.text
    assert visitor.user() is None


def test_a_login_that_starts_again_asks_for_the_same(visitor: Visitor) -> None:
    asked = {"organization": "org_1", "connection": "github", "max_age": "60"}
    callback = visitor.authorize(visitor.get(f"/login?{urlencode(asked)}"))
    visitor.client = visitor.app.test_client()
    again = query_of(visitor.get(callback).location)
    assert {name: again[name] for name in asked} == asked
    state = again["state"]
    refused = visitor.get(f"/callback?error=access_denied&state={state}")
    assert "connection=github" in refused.text


def test_the_cause_of_an_error_is_kept(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    heard: list[Auth0Error] = []
    visitor = make_visitor(make_app(domain="127.0.0.1:9", timeout=2))
    with login_failed.connected_to(lambda app, error: heard.append(error)):
        visitor.get("/login")
    (error,) = heard
    assert error.__cause__ is not None
    assert error.__cause__ is not error


def test_a_blank_organization_is_named(visitor: Visitor) -> None:
    response = visitor.get("/login?organization=%20")
    assert response.status_code == 400
    assert "organization" in response.text
