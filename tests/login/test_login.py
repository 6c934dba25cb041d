"""Logins: what is sent to the tenant, and what each end of them looks like."""

from __future__ import annotations

import json
import typing as t
from urllib.parse import urlencode

import pytest
from flask import Flask, request
from werkzeug.exceptions import Forbidden

from flask_auth0 import (
    Auth0,
    Auth0Error,
    current_user,
    login_failed,
    login_required,
    user_logged_in,
)
from tests.harness.own_code import PACKAGE
from tests.harness.visitor import (
    ADA,
    HOST,
    SECRET,
    MakeApp,
    MakeVisitor,
    Visitor,
    error_of,
    query_of,
)


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
    of_ours = (r for r in caplog.records if r.pathname.startswith(PACKAGE))
    ours = [each.getMessage() for each in of_ours]
    assert ours
    for secret in secrets:
        assert secret not in json.dumps(ours)


def test_log_lines_cannot_be_forged(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    state = query_of(visitor.get("/login").location)["state"]
    error = "x%0aCRITICAL+forged%22+sub=grace"
    said = "&error_description=%0dCRITICAL%E2%80%A8forged%22+sub=grace"
    visitor.get(f"/callback?error={error}&state={state}{said}")
    told = [each for each in caplog.records if each.name == "flask_auth0"]
    (line,) = [each.getMessage() for each in told if each.levelname == "WARNING"]
    assert line.isprintable()
    assert 'tenant_error="x CRITICAL forged\\" sub=grace"' in line
    assert 'error_description="CRITICAL forged\\" sub=grace"' in line


def test_a_receiver_that_raises_refuses_the_login(visitor: Visitor) -> None:
    def refuse(app: Flask, user: t.Any) -> None:
        raise Forbidden

    with user_logged_in.connected_to(refuse):
        assert visitor.log_in().status_code == 403
    assert visitor.user() is None


def test_the_code_in_the_callbacks_url_is_told_to_nobody(visitor: Visitor) -> None:
    response = visitor.get("/callback?code=x")
    assert response.headers["Referrer-Policy"] == "no-referrer"
