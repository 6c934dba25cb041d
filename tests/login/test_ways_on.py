"""The ways on from a login that failed: the first one can help."""

from __future__ import annotations

import html
import re
import typing as t
from urllib.parse import urlencode

import pytest
from flask import Flask

from flask_auth0 import (
    Auth0,
    AuthorizationFailed,
    current_user,
    login_failed,
    login_required,
)
from flask_auth0.tenant import Organization, TenantServer
from tests.harness.visitor import (
    ADA,
    FETCH,
    GRACE,
    MakeApp,
    MakeVisitor,
    Visitor,
    query_of,
)

ASKED = {"next": "/profile", "organization": "org_1", "ui_locales": "de"}


def ways(page: str) -> list[tuple[str, str]]:
    """The ways on that a page has: where each leads, and its label."""
    links = re.findall(r'class="action" href="([^"]*)">([^<]*)<', page)
    return [(label, html.unescape(url)) for url, label in links]


def refuse(visitor: Visitor, error: str, **asked: str) -> t.Any:
    """Come back from a login with what the tenant says instead of a code."""
    state = query_of(visitor.get(f"/login?{urlencode(asked)}").location)["state"]
    return visitor.get(f"/callback?{urlencode({'error': error, 'state': state})}")


@pytest.mark.parametrize("error", ["access_denied", "unauthorized"])
def test_whoever_was_refused_can_be_somebody_else(visitor: Visitor, error: str) -> None:
    account = {"connection": "github", "login_hint": "ada", "prompt": "none"}
    found = ways(refuse(visitor, error, **ASKED, **account).text)
    labels = ["Use another account", "Try again", "Go to the start page"]
    assert [label for label, _ in found] == labels
    assert query_of(found[0][1]) == {**ASKED, "prompt": "login"}
    assert query_of(visitor.get(found[0][1]).location)["prompt"] == "login"
    assert query_of(found[1][1]) == {**ASKED, **account}


@pytest.mark.parametrize(
    "error",
    [
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
    ],
)
def test_who_was_not_asked_is_asked_next(
    make_app: MakeApp, make_visitor: MakeVisitor, error: str
) -> None:
    found = ways(refuse(make_visitor(make_app()), error, **ASKED, prompt="none").text)
    assert found[0][0] == "Log in"
    assert query_of(found[0][1]) == ASKED
    # A question that was asked has not helped.
    assert query_of(ways(refuse(make_visitor(make_app()), error, **ASKED).text)[0][1])[
        "prompt"
    ] == ("login")
    silent = make_app(authorization_params={"prompt": "none"})
    found = ways(refuse(make_visitor(silent), error, **ASKED).text)
    assert query_of(found[0][1]) == {**ASKED, "prompt": "login"}


def test_a_login_that_is_too_old_is_made_anew(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["auth_time"] = 1
    found = ways(visitor.log_in(path="/login?max_age=60").text)
    assert query_of(found[0][1]) == {"next": "/", "max_age": "60", "prompt": "login"}


def test_another_organization_is_another_account(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["org_id"] = "org_theirs"
    found = ways(visitor.log_in(path="/login?organization=org_ours").text)
    assert found[0][0] == "Use another account"
    assert query_of(found[0][1])["organization"] == "org_ours"
    assert query_of(found[0][1])["prompt"] == "login"


@pytest.mark.parametrize("error", ["invalid_request", "unauthorized_client", "other"])
def test_what_the_tenant_does_not_know_is_not_asked_again(
    visitor: Visitor, error: str
) -> None:
    found = ways(refuse(visitor, error, **ASKED, connection="closed").text)
    assert found[0] == ("Try again", "/login?next=/profile")


def test_an_invitation_is_not_sent_twice(visitor: Visitor) -> None:
    organizations = visitor.tenant.tenant.organizations
    to = organizations.add(Organization("org_1"))
    ticket = organizations.invite(ADA, to).ticket
    asked = {**ASKED, "invitation": ticket}
    for error in ["access_denied", "invalid_request", "server_error", "login_required"]:
        assert ticket not in refuse(visitor, error, **asked).text
    callback = visitor.authorize(visitor.get(f"/login?{urlencode(asked)}"))
    visitor.client = visitor.app.test_client()
    again = query_of(visitor.get(callback).location)
    assert again["organization"] == "org_1"
    assert "invitation" not in again


def test_an_invitation_that_was_not_sent_is_kept(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(make_app(domain="127.0.0.1:9", timeout=2))
    found = ways(visitor.get("/login?invitation=ticket&organization=org_1").text)
    assert query_of(found[0][1])["invitation"] == "ticket"


def test_scripts_get_the_same_way(visitor: Visitor) -> None:
    asked = {"next": "/profile", "prompt": "none"}
    for error, expected in [
        ("login_required", "/login?next=/profile"),
        ("access_denied", "/login?next=/profile&prompt=login"),
        ("server_error", "/login?next=/profile&prompt=none"),
    ]:
        state = query_of(visitor.get(f"/login?{urlencode(asked)}").location)["state"]
        answer = visitor.fetch(f"/callback?error={error}&state={state}")
        assert answer.get_json()["login_url"] == expected


@pytest.mark.parametrize("hook", ["before_session_saved", "after_login"])
def test_who_the_app_refuses_can_be_somebody_else(
    options: dict[str, t.Any], make_visitor: MakeVisitor, hook: str
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)
    app.add_url_rule("/user", "user", lambda: dict(current_user))

    def refuse_ada(session: t.Any, app_state: t.Any = None) -> None:
        if session["user"]["email"] == ADA:
            raise AuthorizationFailed("Only Grace may.", code=403)

    getattr(auth0, hook)(refuse_ada)
    heard: list[t.Any] = []
    visitor = make_visitor(app)
    with login_failed.connected_to(lambda app, error: heard.append(error)):
        refused = visitor.log_in()
    assert len(heard) == 1
    assert refused.status_code == 403
    assert "Only Grace may." in refused.text
    label, url = ways(refused.text)[0]
    assert label == "Use another account"
    assert visitor.log_in(GRACE, path=url).status_code == 302
    assert visitor.user()["email"] == GRACE


@pytest.mark.parametrize("has_logout", [True, False])
def test_where_the_login_has_no_route(
    make_app: MakeApp, make_visitor: MakeVisitor, has_logout: bool
) -> None:
    off = {} if has_logout else {"logout_path": ""}
    visitor = make_visitor(make_app(login_path="", **off))
    state = query_of(visitor.get("/profile").location)["state"]
    found = ways(visitor.get(f"/callback?error=access_denied&state={state}").text)
    expected = [("Try again", "/profile"), ("Go to the start page", "/")]
    assert found == ([("Log out", "/logout")] if has_logout else []) + expected


def test_an_app_whose_every_page_is_guarded(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app()
    app.before_request(login_required(lambda: None))
    visitor = make_visitor(app)
    found = ways(refuse(visitor, "access_denied", next="/profile").text)
    visitor.log_in(GRACE, path=found[0][1])
    assert "Hello Grace" in visitor.get("/profile").text


def test_a_page_for_another_organization(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app(organization="org_1")
    guard = login_required(organization="org_2")
    app.add_url_rule("/other", "other", guard(lambda: "theirs"))
    visitor = make_visitor(app)
    visitor.log_in()
    found = ways(visitor.get("/other").text)
    assert found == [("Log out", "/logout"), ("Go to the start page", "/")]
    answer = visitor.get("/other", headers=FETCH)
    assert answer.status_code == 403
    body = answer.get_json()
    assert body["error"] == "not_allowed"
    assert body["missing"] == {"organization": ["org_2"]}
