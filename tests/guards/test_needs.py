"""Roles, permissions, scopes and claims: who has enough, and what others lack."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0, any_of, login_required
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import FETCH, NAVIGATION, MakeApp, MakeVisitor

from .conftest import ROLES, Ask, add_views

ONE = {"any_of": ["admin", "editor"]}

Claims = dict[str, t.Any]


class Case(t.NamedTuple):
    """A guard, a user whom it lets pass, and what another one lacks."""

    guard: Claims
    enough: Claims
    other: Claims
    missing: Claims


def of_claim(value: t.Any, enough: t.Any, other: t.Any) -> Case:
    return Case(
        {"claims": {"team": value}},
        {"team": enough},
        {} if other is None else {"team": other},
        {"claims": ["team"]},
    )


CASES = [
    Case({"roles": "admin"}, {ROLES: ["admin"]}, {ROLES: []}, {"roles": ["admin"]}),
    Case({"roles": "admin"}, {ROLES: "admin"}, {ROLES: "admins"}, {"roles": ["admin"]}),
    Case({"roles": "admin"}, {ROLES: ["admin"]}, {}, {"roles": ["admin"]}),
    Case({"roles": "a"}, {ROLES: ["a"]}, {ROLES: [["a"]]}, {"roles": ["a"]}),
    Case({"roles": "a"}, {ROLES: ["a"]}, {ROLES: {"a": True}}, {"roles": ["a"]}),
    Case({"roles": "a"}, {ROLES: ["a"]}, {"roles": ["a"]}, {"roles": ["a"]}),
    Case({"roles": ["a", "b"]}, {ROLES: ["b", "a"]}, {ROLES: ["a"]}, {"roles": ["b"]}),
    Case(
        {"roles": any_of("admin", "editor")},
        {ROLES: ["editor"]},
        {ROLES: ["reader"]},
        {"roles": [ONE]},
    ),
    Case(
        {"roles": ["a", any_of("admin", "editor")]},
        {ROLES: ["admin", "a"]},
        {ROLES: ["a"]},
        {"roles": [ONE]},
    ),
    Case(
        {"permissions": {"pay"}},
        {"permissions": ["pay", "see"]},
        {"permissions": ["see"]},
        {"permissions": ["pay"]},
    ),
    of_claim("sales", "sales", "support"),
    of_claim("sales", ["support", "sales"], ["support"]),
    of_claim("sales", "sales", None),
    of_claim(any_of("sales", "support"), "support", "legal"),
    of_claim(["sales", "support"], ["support", "sales"], ["sales"]),
    of_claim(7, 7, "7"),
    of_claim(True, True, 1),
    of_claim(1, 1, True),
    of_claim(False, False, None),
    of_claim("sales", "sales", "SALES"),
    Case(
        {"roles": "a", "claims": {"team": "x", "level": 3}},
        {ROLES: ["a"], "team": "x", "level": 3},
        {"team": "secret of theirs"},
        {"roles": ["a"], "claims": ["team", "level"]},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_enough_and_not_enough(ask: Ask, case: Case) -> None:
    assert ask(case.guard, **case.enough).text == "inside as auth0|test"
    answer = ask(case.guard, **case.other)
    assert answer.status_code == 403
    body = answer.get_json()
    assert (body["error"], body["missing"]) == ("not_allowed", case.missing)
    assert body["login_url"] == "/login?next=/&prompt=login"
    # The values of claims are nobody's business.
    assert not any(word in answer.text for word in ("secret", "sales"))


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_everywhere(
    everywhere: Flask, make_visitor: MakeVisitor, tenant: TenantServer, path: str
) -> None:
    """Also for who has really logged in, with scopes that the tenant has granted."""
    visitor = make_visitor(everywhere)
    tenant.tenant.extra_claims.update({ROLES: ["admin"], "permissions": ["pay"]})
    enough = {"roles": "admin", "permissions": "pay", "scopes": "read:messages"}
    add_views(everywhere, enough)
    assert visitor.get(path).location == f"/login?next={path}"
    visitor.log_in()
    assert visitor.get(path).text == "inside as auth0|ada"
    add_views(everywhere, {**enough, "scopes": ["read:messages", "write:messages"]})
    refused = visitor.fetch(path)
    assert refused.status_code == 403
    assert refused.get_json()["missing"] == {"scopes": ["write:messages"]}


def test_scopes_of_a_token_for_another_api_do_not_count(
    everywhere: Flask, make_visitor: MakeVisitor
) -> None:
    auth0 = Auth0()
    add_views(everywhere, {"scopes": "write:messages"})

    @everywhere.get("/other")
    def other() -> t.Any:
        auth0.get_access_token("https://other.example.com", "write:messages")
        sets = (auth0.get_session() or {})["token_sets"]
        return [each["scope"] for each in sets]

    visitor = make_visitor(everywhere)
    visitor.log_in()
    own, others = visitor.get("/other").get_json()
    assert "write:messages" not in own
    assert "write:messages" in others
    assert visitor.fetch("/sync").status_code == 403


def test_who_is_not_logged_in_is_told_nothing(app: Flask) -> None:
    add_views(app, {"roles": "admin"})
    answer = app.test_client().get("/sync", headers=FETCH)
    assert answer.status_code == 401
    assert "admin" not in answer.text
    page = app.test_client().get("/sync", headers=NAVIGATION)
    assert page.location == "/login?next=/sync"


def test_roles_without_the_name_of_their_claim(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    """The first request says so, whatever it is for."""
    app = make_app()
    add_views(app, {"roles": "admin"})
    for _ in range(2):
        assert app.test_client().get("/").text == "home"
    for view in ("sync", "asynchronous"):
        assert caplog.text.count(f"The view '{view}' is shut to everybody") == 1
    for path in ("/sync", "/async"):
        assert logged_in_client(app).get(path).status_code == 500
    assert caplog.text.count("AUTH0_ROLES_CLAIM is missing") == 2


def test_roles_on_a_blueprint_without_the_name_of_their_claim(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app()
    app.before_request(login_required(roles="admin")(lambda: None))
    assert logged_in_client(app).get("/").status_code == 500
    assert "AUTH0_ROLES_CLAIM is missing" in caplog.text


def test_the_claim_of_permissions_is_configured(make_app: MakeApp) -> None:
    app = make_app(permissions_claim="https://example.com/may")
    add_views(app, {"permissions": "pay"})
    user: Claims = {"https://example.com/may": ["pay"]}
    assert logged_in_client(app, **user).get("/sync").status_code == 200
    user = {"permissions": ["pay"]}
    assert logged_in_client(app, **user).get("/sync").status_code == 403


@pytest.mark.parametrize(
    ("guard", "error"),
    [
        ({"roles": ""}, ValueError),
        ({"roles": []}, ValueError),
        ({"permissions": [" "]}, ValueError),
        ({"scopes": [5]}, TypeError),
        ({"claims": {}}, ValueError),
        ({"claims": {" ": "a"}}, ValueError),
        ({"claims": {"team": []}}, ValueError),
        ({"claims": {"team": None}}, ValueError),
        ({"claims": {"team": [None]}}, TypeError),
        ({"claims": {"team": {"a": "b"}}}, TypeError),
        ({"claims": {"team": b"a"}}, TypeError),
        ({"claims": {"team": [["a"]]}}, TypeError),
        ({"check": "is_owner"}, TypeError),
        ({"mfa": "yes"}, TypeError),
        ({"mfa": None}, TypeError),
        ({"acr_values": " "}, ValueError),
        ({"acr_values": 1}, TypeError),
        ({"refuse": "403"}, ValueError),
        ({"refuse": ""}, ValueError),
        ({"refuse": 401}, TypeError),
        ({"refuse": True}, TypeError),
        ({"organization": " "}, ValueError),
        ({"role": "admin"}, TypeError),
    ],
    ids=str,
)
def test_a_guard_that_makes_no_sense(guard: Claims, error: type[Exception]) -> None:
    """What is empty by mistake must not open a view."""
    with pytest.raises(error):
        login_required(**guard)
