"""The pages about roles, step-up, organizations, and apps that are shut as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0.errors import MULTI_FACTOR
from flask_auth0.tenant import TenantServer

from .conftest import (
    FETCH,
    HOST,
    NAVIGATION,
    MakeVisitor,
    ReadPage,
    client_of,
    query_of,
)
from .pages import Page, path_of, snippets

ROLES, TEAMS = "https://example.com/roles", "https://example.com/teams"
PLAN = "https://example.com/plan"


@pytest.fixture
def roles(read_page: ReadPage, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setenv("AUTH0_ROLES_CLAIM", ROLES)
    return read_page("roles.rst").run()


@pytest.fixture
def step_up(read_page: ReadPage) -> Page:
    return read_page("step_up.rst").run()


@pytest.fixture
def organizations(read_page: ReadPage, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setenv("AUTH0_ROLES_CLAIM", ROLES)
    return read_page("organizations.rst").run()


def ask(app: Flask, path: str, claims: dict[str, Any]) -> TestResponse:
    return client_of(app, **claims).get(path, base_url=HOST, headers=NAVIGATION)


def shown_json(name: str) -> Any:
    (shown,) = snippets(path_of(name), "json")
    return json.loads(shown.text)


@pytest.mark.parametrize(
    ("path", "enough", "other"),
    [
        ("/admin", {ROLES: ["admin"]}, {ROLES: ["editor"]}),
        ("/articles/edit", {ROLES: ["staff", "editor"]}, {ROLES: ["staff"]}),
        ("/beta", {"email_verified": True, PLAN: "pro"}, {PLAN: "pro"}),
        ("/desk", {TEAMS: ["support"]}, {TEAMS: ["legal"]}),
        ("/intranet", {"email": "a@example.com"}, {"email": "a@evil.example"}),
        ("/reports", {"sub": "auth0|ada"}, {"sub": "auth0|eve"}),
        ("/reports/report-1", {"sub": "auth0|ada"}, {"sub": "auth0|eve"}),
    ],
)
def test_roles(
    roles: Page, path: str, enough: dict[str, Any], other: dict[str, Any]
) -> None:
    app = roles.apps[0]
    assert ask(app, path, enough).text == "inside"
    refused = ask(app, path, other)
    assert (refused.status_code, refused.get_json()["ask"]) == (
        403,
        "the administrator",
    )


def test_scopes(read_page: ReadPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH0_ROLES_CLAIM", ROLES)
    for scope, status in (("openid", 403), ("openid pay", 200)):
        monkeypatch.setenv("AUTH0_SCOPE", scope)
        page = read_page("roles.rst").run()
        assert ask(page.apps[0], "/pay", {}).status_code == status


def test_what_the_others_get(roles: Page) -> None:
    app, shown = roles.apps[0], shown_json("roles.rst")
    app.error_handler_spec[None][403].clear()
    headers = {**FETCH, "Referer": f"{HOST}/articles"}
    client = client_of(app)
    answer = client.get("/articles/edit", base_url=HOST, headers=headers)
    assert answer.get_json() == shown


def test_step_up(
    step_up: Page, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    app = step_up.apps[0]
    shown = shown_json("step_up.rst")
    assert ask(app, "/payments", {"amr": ["pwd", "mfa"]}).text == "inside"
    assert ask(app, "/vault", {"acr": "urn:example:silver"}).text == "inside"
    assert ask(app, "/keys", {"amr": ["mfa"]}).status_code == 302
    for path, asked in (
        ("/payments", MULTI_FACTOR),
        ("/vault", "urn:example:gold urn:example:silver"),
    ):
        visitor = make_visitor(app)
        visitor.log_in()
        visitor.get("/")
        login = visitor.get(path).location
        assert visitor.get(login).location.count("acr_values=") == 1
        assert visitor.log_in(login).location == path
        assert visitor.get(path).text == "inside"
        assert query_of(login)["acr_values"] == asked
    tenant.tenant.honor_acr_values = False
    try:
        visitor = make_visitor(app)
        visitor.log_in("/login?next=/payments&acr_values=" + MULTI_FACTOR)
        refused = visitor.fetch("/payments")
    finally:
        tenant.tenant.honor_acr_values = True
    assert (refused.status_code, refused.get_json()) == (403, shown)


def test_organizations(organizations: Page, make_visitor: MakeVisitor) -> None:
    app = organizations.apps[0]
    assert ask(app, "/team", {"org_id": "org_1"}).text == "inside"
    assert "organization=org_1" in ask(app, "/team", {"org_id": "org_2"}).location
    visitor = make_visitor(app)
    assert visitor.log_in("/choose/org_7").location == "/home"
    assert visitor.get("/home").get_json() == {"organization": "org_7"}
    assert ask(app, "/o/org_1/", {"org_id": "org_1"}).text == "inside"
    assert ask(app, "/o/org_1/", {"org_id": "org_2"}).status_code == 403
    nobody = make_visitor(app).get("/o/org_1/")
    assert nobody.location == "/login?next=/o/org_1/"


def test_roles_of_an_organization(organizations: Page) -> None:
    app, path = organizations.apps[0], "/team/settings"
    owner = {"org_id": "org_1", ROLES: ["owner"]}
    assert ask(app, path, owner).text == "inside"
    assert ask(app, path, {"org_id": "org_1"}).status_code == 403
    assert ask(app, path, {"org_id": "org_2", ROLES: ["owner"]}).status_code == 302


def test_a_whole_app(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    site = read_page("protecting.rst").run()["site"]
    visitor = make_visitor(site)
    for path in ("/", "/nowhere", "/docs/nowhere"):
        assert visitor.get(path).location == f"/login?next={path}"
    for path in ("/about", "/docs/"):
        assert visitor.get(path).text == "for everybody"
    assert visitor.get("/health").text == "well"
    assert visitor.get("/static/nowhere").status_code == 404
    visitor.log_in()
    assert visitor.get("/").text == "Hello Ada Lovelace"
    assert visitor.get("/nowhere").status_code == 404


def test_refusals_of_a_views_own(
    read_page: ReadPage, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(read_page("protecting.rst").run().apps[0])
    assert visitor.fetch("/picture").location == "/login?next=/picture"
    assert visitor.get("/data").status_code == 401
