"""A view wants a stronger login: one asks for it, and what it brought is checked."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0, any_of, login_required
from flask_auth0.errors import MULTI_FACTOR
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import logged_in_client
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import (
    ADA,
    FETCH,
    NAVIGATION,
    MakeApp,
    MakeVisitor,
    Visitor,
    error_of,
    query_of,
)

from .conftest import ROLES, add_views

GUARDS: list[dict[str, t.Any]] = [
    {"mfa": True},
    {"acr_values": MULTI_FACTOR},
    {"acr_values": "urn:gold"},
    {"acr_values": "urn:gold urn:silver"},
    {"mfa": True, "acr_values": MULTI_FACTOR},
]


@pytest.fixture
def weak(tenant: TenantServer) -> t.Iterator[None]:
    """A tenant that does not know what it is asked for."""
    tenant.tenant.honor_acr_values = False
    yield
    tenant.tenant.honor_acr_values = True


def follow(visitor: Visitor, path: str) -> tuple[t.Any, list[dict[str, str]]]:
    """Go on like a browser; return the last answer and what each login asked for."""
    asked: list[dict[str, str]] = []
    for _ in range(20):
        response = visitor.get(path)
        if response.status_code not in {302, 303}:
            return response, asked
        path = response.location
        if path.startswith("https://"):
            asked.append(query_of(path))
            path = visitor.authorize(response, ADA)
    pytest.fail("too many redirects")


@pytest.mark.parametrize("guard", GUARDS, ids=str)
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_one_login_brings_it(
    everywhere: Flask, make_visitor: MakeVisitor, path: str, guard: dict[str, t.Any]
) -> None:
    add_views(everywhere, guard)
    visitor = make_visitor(everywhere)
    visitor.log_in()
    visitor.get("/")
    response, asked = follow(visitor, path)
    assert response.text == "inside as auth0|ada"
    wanted = guard.get("acr_values", MULTI_FACTOR)
    assert [each["acr_values"] for each in asked] == [wanted]
    # It lasts as long as the session.
    assert visitor.fetch("/async").text == visitor.get("/sync").text


@pytest.mark.parametrize("guard", GUARDS, ids=str)
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_tenant_that_does_not_bring_it(
    everywhere: Flask,
    make_visitor: MakeVisitor,
    weak: None,
    path: str,
    guard: dict[str, t.Any],
) -> None:
    add_views(everywhere, guard)
    visitor = make_visitor(everywhere)
    for _ in range(2):
        response, asked = follow(visitor, path)
        assert (response.status_code, error_of(response)) == (403, "not_allowed")
        assert "the login service" in response.text
    assert asked == []
    again = f"/login?next={path}&acr_values="
    script = visitor.fetch(path).get_json()
    assert script["login_url"].startswith("/login?next=/&acr_values=")
    assert script["login_url"].endswith("&prompt=login")
    assert again in response.text.replace("&amp;", "&")
    assert set(script["missing"]) == {{"mfa": "amr"}.get(name, name) for name in guard}


def test_who_tries_once_more_is_asked_once_more(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer, weak: None
) -> None:
    """The way on that the page offers helps once the tenant is set up."""
    add_views(app, {"mfa": True})
    visitor = make_visitor(app)
    follow(visitor, "/sync")
    way = visitor.fetch("/sync").get_json()["login_url"]
    response, asked = follow(visitor, way.replace("next=/&", "next=/sync&"))
    assert response.status_code == 403
    assert [each["prompt"] for each in asked] == ["login"]
    tenant.tenant.honor_acr_values = True
    response, asked = follow(visitor, way.replace("next=/&", "next=/sync&"))
    assert (response.text, len(asked)) == ("inside as auth0|ada", 1)


def test_a_minute_later_the_tenant_may_know(
    app: Flask,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    weak: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_views(app, {"mfa": True})
    visitor = make_visitor(app)
    assert follow(visitor, "/sync")[0].status_code == 403
    monkeypatch.setattr("flask_auth0.views.repeated_logins.WINDOW", -1)
    tenant.tenant.honor_acr_values = True
    response, asked = follow(visitor, "/sync")
    assert (response.text, len(asked)) == ("inside as auth0|ada", 1)


def test_another_login_in_between_brings_nothing(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    """What one login has asked for is no answer to another question."""
    add_views(app, {"acr_values": "urn:gold"})
    visitor = make_visitor(app)
    visitor.log_in(path="/login?acr_values=urn:silver&next=/sync")
    response, asked = follow(visitor, "/sync")
    assert response.text == "inside as auth0|ada"
    assert [each["acr_values"] for each in asked] == ["urn:gold"]


@pytest.mark.parametrize(
    ("guard", "claims", "passes"),
    [
        ({"mfa": True}, {"amr": ["pwd", "mfa"]}, True),
        ({"mfa": True}, {"amr": ["pwd"]}, False),
        ({"mfa": True}, {"amr": "mfa"}, False),
        ({"mfa": True}, {"amr": {"mfa": True}}, False),
        ({"mfa": True}, {"acr": MULTI_FACTOR}, False),
        ({"mfa": True}, {}, False),
        ({"mfa": False}, {}, True),
        ({"acr_values": MULTI_FACTOR}, {"acr": MULTI_FACTOR}, True),
        # Auth0 says it in ``amr``.
        ({"acr_values": MULTI_FACTOR}, {"amr": ["mfa"]}, True),
        ({"acr_values": "gold"}, {"amr": ["mfa"]}, False),
        ({"acr_values": "gold silver"}, {"acr": "silver"}, True),
        ({"acr_values": any_of("gold", "silver")}, {"acr": "silver"}, True),
        ({"acr_values": "gold silver"}, {"acr": "gold silver"}, False),
        ({"acr_values": "gold"}, {"acr": "golden"}, False),
        ({"acr_values": "gold"}, {"acr": ["gold"]}, False),
        ({"acr_values": "gold", "mfa": True}, {"acr": "gold"}, False),
        ({"acr_values": "gold", "mfa": True}, {"amr": ["mfa"]}, False),
        ({"acr_values": "gold", "mfa": True}, {"acr": "gold", "amr": ["mfa"]}, True),
    ],
    ids=str,
)
def test_what_counts(
    app: Flask, guard: dict[str, t.Any], claims: dict[str, t.Any], passes: bool
) -> None:
    add_views(app, guard)
    client = logged_in_client(app, **claims)
    for path in ("/sync", "/async"):
        expected = 200 if passes else 302
        assert client.get(path, headers=NAVIGATION).status_code == expected


def test_scripts_are_told_what_is_needed(app: Flask) -> None:
    add_views(app, {"mfa": True})
    answer = logged_in_client(app).get("/sync", headers=FETCH)
    assert answer.status_code == 401
    body = answer.get_json()
    assert body["error"] == "mfa_required"
    assert query_of(body["login_url"])["acr_values"] == MULTI_FACTOR
    nobody = app.test_client().get("/sync", headers=FETCH).get_json()
    assert nobody["error"] == "login_required"
    assert nobody["login_url"] == body["login_url"]


def test_who_lacks_a_role_is_not_asked_for_a_factor(app: Flask) -> None:
    add_views(app, {"mfa": True, "roles": "admin", "max_age": 1})
    client = logged_in_client(app)
    assert client.get("/sync", headers=NAVIGATION).status_code == 403
    admin: dict[str, t.Any] = {ROLES: ["admin"]}
    client = logged_in_client(app, **admin)
    assert client.get("/sync", headers=NAVIGATION).status_code == 302


def test_a_login_to_an_organization_may_bring_a_role(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    add_views(app, {"organization": "org_1", "roles": "admin"})
    visitor = make_visitor(app)
    visitor.log_in()
    visitor.get("/")
    tenant.tenant.extra_claims[ROLES] = ["admin"]
    response, asked = follow(visitor, "/sync")
    assert response.text == "inside as auth0|ada"
    assert [each["organization"] for each in asked] == ["org_1"]


@pytest.mark.parametrize("own", [False, True])
def test_a_hook_that_leaves_out_the_claims(
    options: dict[str, t.Any], make_visitor: MakeVisitor, own: bool
) -> None:
    app, auth0 = Flask(__name__), Auth0()
    app.testing = app.debug = True
    auth0.init_app(app, state_store=SimpleStore() if own else None, **options)

    @auth0.before_session_saved
    def trim(session: t.Any) -> None:
        session["user"].pop("acr", None)
        session["user"].pop("amr", None)

    app.add_url_rule("/", "home", lambda: "home")
    add_views(app, {"mfa": True})
    response, asked = follow(make_visitor(app), "/sync")
    assert (response.status_code, len(asked)) == (403, 1)
    # The developer is told, in debug mode.
    assert "before_session_saved" in response.text


def test_pages_that_want_different_things_in_turns(
    make_app: MakeApp, make_visitor: MakeVisitor, weak: None
) -> None:
    """Each of them is answered once, and none of them sends anybody round."""
    app = make_app()
    for number in range(3):
        guard = login_required(acr_values=f"urn:{number}")
        app.add_url_rule(f"/{number}", str(number), guard(lambda: "inside"))
    visitor = make_visitor(app)
    for number in itertools.islice(itertools.cycle(range(3)), 6):
        response, asked = follow(visitor, f"/{number}")
        assert response.status_code == 403
        assert len(asked) == 1


def test_what_a_login_asks_for_is_too_long_to_travel(
    app: Flask, make_visitor: MakeVisitor, weak: None
) -> None:
    """Circles have an end also where the note about them has no room."""
    add_views(app, {"acr_values": " ".join(f"urn:{n}:{'x' * 50}" for n in range(12))})
    response, asked = follow(make_visitor(app), "/sync")
    assert response.status_code == 403
    assert len(asked) <= 3
