"""Pages that no login can satisfy: whoever is logged in is told so, not sent round."""

from __future__ import annotations

import itertools
import typing as t
from urllib.parse import quote

import pytest
from flask import Flask, Response, redirect, request, url_for

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.tenant import TenantServer
from tests.harness.clock import Clock
from tests.harness.visitor import (
    ADA,
    FETCH,
    GRACE,
    HOST,
    NAVIGATION,
    MakeApp,
    MakeVisitor,
    Visitor,
)

#: Chromium gives up after so many redirects.
PATIENCE = 20


@pytest.fixture
def make_team(make_app: MakeApp, make_visitor: MakeVisitor) -> t.Any:
    """Make visitors of apps with a page for an organization."""

    def make(wanted: str, **options: t.Any) -> Visitor:
        app = make_app(**options)
        guard = login_required(organization=wanted)
        app.add_url_rule("/team", "team", guard(lambda: "ours"))
        return make_visitor(app)

    return make


def follow(visitor: Visitor, path: str, person: str = ADA) -> tuple[t.Any, int]:
    """Go on like a browser; return the last answer and the number of logins."""
    logins = 0
    for _ in range(PATIENCE):
        response = visitor.get(path)
        if response.status_code not in {302, 303}:
            return response, logins
        path = response.location
        if path.startswith("https://"):
            path, logins = visitor.authorize(response, person), logins + 1
    pytest.fail("too many redirects")


@pytest.mark.parametrize(
    ("configured", "wanted", "claims"),
    [
        # The tenant does not put names into tokens.
        ("org_1", "acme", {"org_name": None}),
        ("acme", "org_2", {"org_id": "org_1", "org_name": "acme"}),
    ],
)
def test_the_id_and_the_name_of_different_organizations(
    make_team: t.Any,
    tenant: TenantServer,
    configured: str,
    wanted: str,
    claims: dict[str, t.Any],
) -> None:
    visitor = make_team(wanted, organization=configured)
    tenant.tenant.extra_claims.update(claims)
    response, logins = follow(visitor, "/team")
    assert (response.status_code, logins) == (403, 1)
    assert "another organization" in response.text
    assert "Use another account" in response.text
    script = visitor.get("/team", headers=FETCH)
    assert script.status_code == 403
    assert "prompt=login" in script.get_json()["login_url"]


@pytest.mark.parametrize("organization", ["org_1", "acme"])
def test_a_hook_that_leaves_out_the_organization(
    options: dict[str, t.Any], make_visitor: MakeVisitor, organization: str
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)

    @auth0.before_session_saved
    def trim(session: t.Any) -> None:
        session["user"].pop("org_id", None)
        session["user"].pop("org_name", None)

    guard = login_required(organization=organization)
    app.add_url_rule("/team", "team", guard(lambda: "ours"))
    response, logins = follow(make_visitor(app), "/team")
    assert (response.status_code, logins) == (403, 1)


def test_letters_that_are_composed_in_another_way(
    make_team: t.Any, tenant: TenantServer
) -> None:
    visitor = make_team("cafe\u0301")
    tenant.tenant.extra_claims["org_name"] = "caf\u00e9"
    response, logins = follow(visitor, "/team")
    assert (response.text, logins) == ("ours", 1)


def test_a_member_of_two_organizations_can_change(make_team: t.Any) -> None:
    """What a login has not asked for, the next one may bring."""
    visitor = make_team("org_1")
    visitor.log_in(path="/login?organization=org_2&next=/team")
    response, logins = follow(visitor, "/team")
    assert (response.text, logins) == ("ours", 1)


def test_the_session_of_a_minute_ago_may_try_again(
    make_team: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = make_team("acme", organization="org_2")
    follow(visitor, "/team")
    monkeypatch.setattr("flask_auth0.views.repeated_logins.WINDOW", -1)
    assert visitor.get("/team").status_code == 302


@pytest.fixture
def role_app(options: dict[str, t.Any]) -> Flask:
    """An app with role checks of its own, each of which sends users to log in."""
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)

    @app.get("/admin")
    def admin() -> t.Any:
        if current_user.get("role") != "admin":
            return redirect(url_for("auth0.login", next="/admin"))
        return "admin"

    @app.get("/direct")
    def direct() -> t.Any:
        return auth0.login("/direct", connection="github")

    @app.get("/")
    def home() -> t.Any:
        return redirect("/home")

    @app.get("/home")
    def home_of_users() -> t.Any:
        return redirect(url_for("auth0.login"))

    # A cache keeps the redirect that somebody got who was not logged in.
    @app.get("/cached")
    def cached() -> Response:
        return Response(status=302, headers={"Location": "/login?next=/cached"})

    @app.get("/page")
    def page() -> str:
        return "page"

    numbers = itertools.count()

    @app.get("/changing")
    def changing() -> t.Any:
        page = f"/changing?number={next(numbers)}"
        return redirect(url_for("auth0.login", next=page))

    @app.get("/hinting")
    def hinting() -> t.Any:
        return auth0.login("/hinting", login_hint=f"user-{next(numbers)}")

    @app.get("/one")
    @app.get("/other")
    def one_and_other() -> t.Any:
        page = "/other" if request.path == "/one" else "/one"
        return redirect(url_for("auth0.login", next=page))

    return app


@pytest.mark.parametrize("path", ["/admin", "/direct", "/", "/cached"])
def test_a_check_of_the_apps_own(
    role_app: Flask, make_visitor: MakeVisitor, path: str
) -> None:
    visitor = make_visitor(role_app)
    response, logins = follow(visitor, path)
    assert (response.status_code, logins) == (403, 2)
    assert "You are logged in" in response.text
    assert "Use another account" in response.text
    assert "Log out" in response.text
    assert visitor.get("/page").text == "page"
    # Trying again is up to the user, and another account is another matter.
    response, logins = follow(visitor, path, GRACE)
    assert (response.status_code, logins) == (403, 2)


@pytest.mark.parametrize("path", ["/changing", "/hinting", "/one"])
def test_circles_of_logins_that_differ(
    role_app: Flask, make_visitor: MakeVisitor, path: str
) -> None:
    """They end before the browser has had enough of it, which is after 20 redirects."""
    visitor = make_visitor(role_app)
    response, logins = follow(visitor, path)
    assert (response.status_code, logins) == (403, 3)
    assert "You are logged in" in response.text
    # Trying again is up to the user.
    response, logins = follow(visitor, path)
    assert (response.status_code, logins) == (403, 3)


def test_whoever_asks_for_one_thing_after_the_other_is_in_no_circle(
    role_app: Flask, make_visitor: MakeVisitor, clock: Clock
) -> None:
    """Even where each login leads to a page that sends everybody on."""
    role_app.add_url_rule("/hub", "hub", lambda: redirect("/page"))
    visitor = make_visitor(role_app)
    for number in range(6):
        clock.offset = number * 11
        visitor.log_in(path=f"/login?next=/hub&login_hint={number}")
        assert visitor.get("/hub").location == "/page"
        assert visitor.get("/page").text == "page"


def test_scripts_are_told_too(role_app: Flask, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(role_app)
    path = f"/login?next={quote('/admin')}"
    for _ in range(2):
        visitor.get(visitor.authorize(visitor.get(path)))
        assert visitor.get("/admin").location == path
    answer = visitor.get(path, headers=FETCH)
    assert answer.status_code == 403
    assert answer.get_json()["error"] == "login_loop"


def test_who_shows_a_page_in_between_is_not_in_a_circle(
    role_app: Flask, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(role_app)
    for _ in range(6):
        visitor.log_in(path="/login?next=/page")
        assert visitor.get("/page").text == "page"
        assert visitor.get("/admin").status_code in {302, 303}


@pytest.mark.parametrize("seconds", [3, 4, 59])
def test_a_kept_marker_is_no_step_up(
    app: Flask,
    make_visitor: MakeVisitor,
    clock: Clock,
    seconds: int,
) -> None:
    guard = login_required(max_age=1)
    app.add_url_rule("/now", "now", guard(lambda: "fresh"))
    visitor = make_visitor(app)
    asked = visitor.get("/now")
    visitor.get(visitor.authorize(visitor.get(asked.location)))
    kept = visitor.cookies()["session_a0_loop"]
    assert visitor.get("/now").text == "fresh"
    clock.offset = seconds
    visitor.set_cookie("session_a0_loop", kept)
    assert visitor.get("/now").status_code == 302


def test_a_login_ends_with_its_logout(
    role_app: Flask, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(role_app)
    for _ in range(4):
        visitor.log_in(path="/login?next=/admin")
        assert visitor.get("/admin").status_code in {302, 303}
        visitor.client.get("/logout", base_url=HOST, headers=NAVIGATION)
        assert "session_a0_loop" not in visitor.cookies()
