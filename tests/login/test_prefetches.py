"""What is asked ahead of a user: nothing happens, and no browser keeps the answer."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, redirect

from flask_auth0 import Auth0, login_required
from tests.harness.visitor import ADA, HOST, NAVIGATION, MakeVisitor, Visitor

PREFETCHES = [
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Sec-Purpose": "Prefetch;anonymous-client-ip"},
    {"Purpose": "prefetch"},
    {"Purpose": "preview"},
    {"X-Purpose": "preview"},
    {"X-Purpose": "prefetch"},
    {"X-Moz": "prefetch"},
    # Turbo, and the preload extension of htmx.
    {"X-Sec-Purpose": "prefetch"},
    {"HX-Preloaded": "true"},
    {"HX-Preloaded": "true", "HX-Request": "true"},
]
prefetches = pytest.mark.parametrize("purpose", PREFETCHES, ids=str)


@pytest.fixture
def app(options: dict[str, t.Any]) -> Flask:
    """An app that starts logins in every way there is, the guards' own among them."""
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)
    app.add_url_rule("/", "home", lambda: "home")
    app.add_url_rule("/user", "user", lambda: auth0.get_user() or {})
    app.add_url_rule("/in", "in", lambda: auth0.login("/inside"))
    app.add_url_rule("/out", "out", lambda: auth0.logout())
    app.add_url_rule("/inside", "inside", login_required(lambda: "inside"))
    app.add_url_rule("/old", "old", login_required(max_age=0)(lambda: "inside"))
    return app


def check_nothing_happens(visitor: Visitor, path: str, purpose: dict[str, str]) -> None:
    before = visitor.cookies()
    response = visitor.get(path, headers={**NAVIGATION, **purpose})
    assert response.status_code == 503
    assert response.cache_control.no_store
    assert "Location" not in response.headers
    assert "Retry-After" not in response.headers
    assert visitor.cookies() == before


@prefetches
def test_a_prefetch_starts_no_login(visitor: Visitor, purpose: dict[str, str]) -> None:
    for path in ["/login", "/login?max_age=x", "/in", "/inside", "/old"]:
        check_nothing_happens(visitor, path, purpose)
    callback = visitor.authorize(visitor.get("/login"))
    check_nothing_happens(visitor, callback, purpose)
    assert visitor.get(callback).location == "/"


@prefetches
def test_a_prefetch_ends_no_session(visitor: Visitor, purpose: dict[str, str]) -> None:
    visitor.log_in()
    assert visitor.user()["email"] == ADA
    for path in ["/logout", "/out", "/old"]:
        check_nothing_happens(visitor, path, purpose)
    assert visitor.user()["email"] == ADA
    assert visitor.get("/inside", headers={**NAVIGATION, **purpose}).text == "inside"


def test_guards_that_start_the_login_themselves(
    options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__)
    app.testing = True
    Auth0(app, **options, login_path="")
    app.add_url_rule("/inside", "inside", login_required(lambda: "inside"))
    visitor = make_visitor(app)
    for purpose in PREFETCHES:
        check_nothing_happens(visitor, "/inside", purpose)
    answer = visitor.client.head("/inside", base_url=HOST, headers=NAVIGATION)
    assert answer.status_code == 204
    assert visitor.cookies() == {}
    assert "/authorize" in visitor.get("/inside").location


@pytest.mark.parametrize("path", ["/login", "/in", "/logout", "/out"])
def test_a_head_request_does_nothing(visitor: Visitor, path: str) -> None:
    visitor.log_in()
    visitor.user()
    before = visitor.cookies()
    answer = visitor.client.head(path, base_url=HOST, headers=NAVIGATION)
    assert answer.status_code == 204
    assert visitor.cookies() == before


def test_an_answer_of_the_apps_own_is_the_apps(
    options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)
    auth0.unauthorized_handler(lambda: redirect("/welcome"))
    app.add_url_rule("/inside", "inside", login_required(lambda: "inside"))
    headers = {**NAVIGATION, **PREFETCHES[0]}
    assert make_visitor(app).get("/inside", headers=headers).location == "/welcome"


@pytest.mark.parametrize("path", ["/login", "/callback", "/logout"])
def test_the_methods_of_a_route_are_told_ahead_of_its_user(
    visitor: Visitor, path: str
) -> None:
    headers = {"Sec-Purpose": "prefetch"}
    answer = visitor.client.options(path, base_url=HOST, headers=headers)
    assert answer.status_code == 200
    assert "GET" in answer.headers["Allow"]


def test_a_view_of_the_apps_own_beside_ours(visitor: Visitor) -> None:
    visitor.app.add_url_rule("/signup", "auth0.signup", lambda: "sign up")
    assert visitor.get("/signup").text == "sign up"
