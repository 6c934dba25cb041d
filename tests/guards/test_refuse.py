"""login_required(refuse=…): a view that always redirects, or never."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, redirect

from flask_auth0 import Auth0, LoginRequired, login_required
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import FETCH, HOST, NAVIGATION, MakeVisitor, error_of

from .conftest import add_views

HTMX = {"HX-Request": "true", "HX-Current-URL": f"{HOST}/list"}
ANY = [NAVIGATION, FETCH, {}, {"Accept": "application/json"}]
PATHS = ["/sync", "/async"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", ANY, ids=str)
def test_always_a_redirect(app: Flask, headers: dict[str, str], path: str) -> None:
    add_views(app, {"refuse": "redirect"})
    client = app.test_client()
    answer = client.get(f"{path}?a=1", base_url=HOST, headers=headers)
    assert (answer.status_code, answer.location) == (302, f"/login?next={path}?a%3D1")
    assert answer.cache_control.no_store
    referrer = {**headers, "Referer": f"{HOST}/form"}
    answer = client.post(path, base_url=HOST, headers=referrer)
    assert (answer.status_code, answer.location) == (303, "/login?next=/form")
    htmx = client.get(path, base_url=HOST, headers={**headers, **HTMX})
    assert htmx.location == "/login?next=/list"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [*ANY, HTMX], ids=str)
def test_never_a_redirect(app: Flask, headers: dict[str, str], path: str) -> None:
    add_views(app, {"refuse": "401"})
    answer = app.test_client().get(path, base_url=HOST, headers=headers)
    assert answer.status_code == 401
    assert "Location" not in answer.headers
    if headers is NAVIGATION:
        assert error_of(answer) == "login_required"
        assert f'href="/login?next={path}"' in answer.text
    else:
        assert answer.get_json()["login_url"].startswith("/login?next=/")


@pytest.mark.parametrize("refuse", ["redirect", "401"])
def test_who_may_not_gets_403(app: Flask, refuse: str) -> None:
    """Another login would not help, so nobody is sent to one."""
    add_views(app, {"refuse": refuse, "roles": "admin"})
    for headers in ANY:
        answer = logged_in_client(app).get("/sync", headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize("refuse", ["redirect", "401"])
def test_what_is_missing_of_a_login(app: Flask, refuse: str) -> None:
    add_views(app, {"refuse": refuse, "mfa": True})
    answer = logged_in_client(app).get("/sync", headers=FETCH)
    assert answer.status_code == (401 if refuse == "401" else 302)
    url = answer.get_json()["login_url"] if refuse == "401" else answer.location
    assert "acr_values=" in url


def test_it_wins_over_the_apps_answer(
    options: dict[str, t.Any], make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__)
    app.testing = True
    auth0 = Auth0(app, **options)
    auth0.unauthorized_handler(lambda: redirect("/welcome"))
    for name, guard in {
        "handled": login_required,
        "redirect": login_required(refuse="redirect"),
        "refused": login_required(refuse="401"),
    }.items():
        app.add_url_rule(f"/{name}", name, guard(lambda: "inside"))
    visitor = make_visitor(app)
    assert visitor.get("/handled").location == "/welcome"
    assert visitor.fetch("/redirect").location == "/login?next=/redirect"
    assert visitor.get("/refused").status_code == 401


def test_handlers_of_errors(app: Flask) -> None:
    app.register_error_handler(LoginRequired, lambda error: (error.login_url, 418))
    add_views(app, {"refuse": "401"})
    for path in PATHS:
        answer = app.test_client().get(path, base_url=HOST, headers=NAVIGATION)
        assert (answer.status_code, answer.text) == (418, f"/login?next={path}")


@pytest.mark.parametrize("refuse", ["redirect", "401"])
def test_prefetches_start_nothing(app: Flask, refuse: str) -> None:
    add_views(app, {"refuse": refuse})
    headers = {**NAVIGATION, "Sec-Purpose": "prefetch"}
    assert app.test_client().get("/sync", headers=headers).status_code == 503
