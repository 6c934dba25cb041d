"""NotAllowed: a page and JSON that say what is missing, with a way on that helps."""

from __future__ import annotations

import html
import re
import typing as t

import pytest
from flask import Flask

from flask_auth0 import (
    Auth0,
    Auth0Error,
    NotAllowed,
    any_of,
    current_user,
    login_required,
)
from flask_auth0.testing import logged_in_client
from tests.harness.access_tokens import bearer, make_token
from tests.harness.visitor import (
    FETCH,
    GRACE,
    NAVIGATION,
    MakeApp,
    MakeVisitor,
    error_of,
)

from .conftest import API, ROLES, add_views

PATHS = ["/sync", "/async"]


def ways(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'class="action" href="([^"]*)">([^<]*)<', page)
    return [(label, html.unescape(url)) for url, label in found]


@pytest.mark.parametrize("path", PATHS)
def test_a_page(app: Flask, path: str) -> None:
    guard = {"roles": ["admin", any_of("a<b>", "c")], "permissions": "pay"}
    add_views(app, {**guard, "claims": {"team": "secret"}})
    page = logged_in_client(app, team="theirs").get(path, headers=NAVIGATION)
    assert (page.status_code, error_of(page)) == (403, "not_allowed")
    lacks = (
        "Your account lacks the role admin, the role a&lt;b&gt; or c, the permission "
        "pay, the right value of the claim team."
    )
    assert lacks in page.text
    assert "secret" not in page.text
    assert "theirs" not in page.text
    assert ways(page.text) == [
        ("Use another account", f"/login?next={path}&prompt=login"),
        ("Go to the start page", "/"),
    ]
    assert page.cache_control.no_store
    assert "Cookie" in page.vary


def test_the_way_on_helps(options: dict[str, t.Any], make_visitor: MakeVisitor) -> None:
    app, auth0 = Flask(__name__), Auth0(**options, roles_claim=ROLES)
    app.testing = True
    auth0.init_app(app)

    @auth0.before_session_saved
    def give(session: t.Any) -> None:
        is_grace = session["user"]["email"] == GRACE
        session["user"][ROLES] = ["admin"] if is_grace else []

    add_views(app, {"roles": "admin"})
    visitor = make_visitor(app)
    visitor.log_in()
    way = ways(visitor.get("/sync").text)[0][1]
    assert visitor.log_in(GRACE, way).location == "/sync"
    assert visitor.get("/sync").text == "inside as auth0|grace"


@pytest.mark.parametrize("off", ["login_path", "logout_path"])
def test_without_a_route(make_app: MakeApp, off: str) -> None:
    app = make_app(roles_claim=ROLES, **{off: ""})
    add_views(app, {"roles": "admin"})
    page = logged_in_client(app).get("/sync", headers=NAVIGATION)
    first = "Log out" if off == "login_path" else "Use another account"
    assert [label for label, _ in ways(page.text)] == [first, "Go to the start page"]
    answer = logged_in_client(app).get("/sync", headers=FETCH).get_json()
    assert ("login_url" in answer) is (off == "logout_path")


def test_no_signal_and_no_login(app: Flask, make_visitor: MakeVisitor) -> None:
    """The same request gets the same answer, however often."""
    add_views(app, {"roles": "admin"})
    visitor = make_visitor(app)
    visitor.log_in()
    for _ in range(5):
        assert visitor.get("/sync").status_code == 403
        assert visitor.fetch("/async").status_code == 403
    assert visitor.user()["email"] == "ada@example.com"


@pytest.mark.parametrize("kind", [NotAllowed, Auth0Error, 403])
def test_handlers_of_the_app(app: Flask, kind: t.Any) -> None:
    seen: list[t.Any] = []

    def handle(error: NotAllowed) -> t.Any:
        seen.append((error.code, error.error, dict(error.missing), error.login_url))
        return error.description, 418

    app.register_error_handler(kind, handle)
    add_views(app, {"roles": "admin"})
    for path in PATHS:
        answer = logged_in_client(app).get(path, headers=NAVIGATION)
        assert answer.status_code == 418
        assert answer.text == "Your account lacks the role admin."
        way = f"/login?next={path}&prompt=login"
        assert seen.pop() == (403, "not_allowed", {"roles": ["admin"]}, way)


def test_a_view_can_raise_it(app: Flask) -> None:
    @app.get("/mine")
    @login_required
    def mine() -> t.Any:
        raise NotAllowed("This is Grace's.")

    @app.get("/plain")
    async def plain() -> t.Any:
        raise NotAllowed

    client = logged_in_client(app)
    page = client.get("/mine", headers=NAVIGATION)
    assert page.status_code == 403
    assert "This is Grace&#39;s." in page.text
    assert ways(page.text)[0] == (
        "Use another account",
        "/login?next=/mine&prompt=login",
    )
    for visitor in (client, app.test_client()):
        body = visitor.get("/plain", headers=FETCH).get_json()
        assert body["error_description"] == NotAllowed.description
        assert body["login_url"] == "/login?next=/&prompt=login"


def test_ways_of_the_apps_own(app: Flask) -> None:
    from flask_auth0.errors import Action

    @app.get("/mine")
    def mine() -> t.Any:
        raise NotAllowed(actions=[Action("Ask for it", "/ask")])

    page = app.test_client().get("/mine", headers=NAVIGATION)
    assert ways(page.text) == [("Ask for it", "/ask")]


def test_outside_of_requests() -> None:
    error = NotAllowed()
    assert (error.actions, error.login_url) == ([], None)
    assert error.get_response({}).status_code == 403


def test_an_app_without_the_extension() -> None:
    app = Flask(__name__)

    @app.get("/")
    def home() -> t.Any:
        raise NotAllowed

    assert app.test_client().get("/").status_code == 403


@pytest.mark.parametrize(
    ("own", "told"), [({}, True), ({ROLES: []}, False)], ids=["absent", "empty"]
)
def test_the_developer_is_told_of_a_claim_that_nobody_has(
    app: Flask, own: dict[str, t.Any], told: bool
) -> None:
    add_views(app, {"roles": "admin"})
    client = logged_in_client(app, **own)
    assert "an Action" not in client.get("/sync", headers=NAVIGATION).text
    app.debug = True
    page = client.get("/sync", headers=NAVIGATION).text
    assert (f"The session has no claim {ROLES}" in page) is told


def test_programs_with_a_token(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    app = make_app(audience=API, roles_claim=ROLES)
    issuer = make_visitor(app).tenant.tenant
    cases: list[tuple[dict[str, t.Any], dict[str, t.Any], int]] = [
        ({"roles": "admin"}, {ROLES: ["admin"]}, 403),
        ({"scopes": "pay"}, {"scope": "pay"}, 403),
        ({"permissions": "pay"}, {"permissions": ["pay"]}, 403),
        ({"claims": {"team": "sales"}}, {"team": ["sales"]}, 403),
        ({"check": lambda user: user["sub"] == "auth0|x"}, {"sub": "auth0|x"}, 403),
        ({"organization": "org_1"}, {"org_id": "org_1"}, 403),
        ({"mfa": True}, {"amr": ["mfa"]}, 401),
        ({"acr_values": "gold"}, {"acr": "gold"}, 401),
    ]
    for guard, enough, status in cases:
        add_views(app, {**guard, "bearer": True})
        for path in PATHS:
            headers = {**FETCH, **bearer(make_token(issuer, **enough))}
            assert app.test_client().get(path, headers=headers).status_code == 200
            headers = {**FETCH, **bearer(make_token(issuer))}
            refused = app.test_client().get(path, headers=headers)
            assert refused.status_code == status, guard
            assert "login_url" not in refused.get_json()
            if status == 401:
                challenge = refused.headers["WWW-Authenticate"]
                assert 'error="insufficient_user_authentication"' in challenge
                assert "acr_values=" in challenge


def test_a_page_for_a_program_with_a_token(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    """It asks for a page, and has no account to change."""
    app = make_app(audience=API)
    issuer = make_visitor(app).tenant.tenant
    add_views(app, {"claims": {"team": "sales"}, "bearer": True})
    for path in PATHS:
        headers = {**NAVIGATION, **bearer(make_token(issuer))}
        page = app.test_client().get(path, headers=headers)
        assert page.status_code == 403
        assert ways(page.text) == [("Go to the start page", "/")]


def test_a_token_that_another_guard_has_let_pass(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    """It counts for the guard behind that one, with its scopes."""
    app = make_app(audience=API, roles_claim=ROLES)
    issuer = make_visitor(app).tenant.tenant
    app.before_request(login_required(bearer=True)(lambda: None))
    add_views(app, {"scopes": "pay", "roles": "admin"})
    enough = {"scope": "pay", ROLES: ["admin"]}
    for claims, status in ((enough, 200), ({"scope": "pay"}, 403), ({}, 403)):
        for path in PATHS:
            headers = {**FETCH, **bearer(make_token(issuer, **claims))}
            answer = app.test_client().get(path, headers=headers)
            assert answer.status_code == status
            assert ("WWW-Authenticate" in answer.headers) is (status == 403)


def test_it_is_not_raised_for_who_is_somebody_else(app: Flask) -> None:
    """Guards before requests and around views are asked one after the other."""
    app.before_request(login_required(roles="user")(lambda: None))
    app.add_url_rule(
        "/both",
        "both",
        login_required(roles="admin")(lambda: f"{current_user[ROLES]}"),
    )
    for roles, status in ((["user"], 403), (["admin"], 403), (["admin", "user"], 200)):
        user: dict[str, t.Any] = {ROLES: roles}
        assert logged_in_client(app, **user).get("/both").status_code == status
