"""Each host logs in at its tenant; a session of one is nobody's at the other."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, request

from flask_auth0 import Auth0
from tests.harness.domains import Function
from tests.harness.visitor import ADA, GRACE

from .conftest import Places


def test_both_are_logged_in_at_once(places: Places) -> None:
    first, second = places
    first.log_in(ADA)
    second.log_in(GRACE)
    assert [each.user()["email"] for each in places] == [ADA, GRACE]
    assert [each.user()["iss"] for each in places] == [
        each.tenant.tenant.issuer for each in places
    ]


@pytest.mark.parametrize("path", ["/token", "/async-token"])
def test_each_refreshes_at_its_tenant(places: Places, path: str) -> None:
    for each in places:
        each.log_in()
        before = len(each.tenant.tenant.token_requests)
        assert each.fetch(path).status_code == 200
        assert len(each.tenant.tenant.token_requests) == before + 1


def test_a_session_is_nobodys_at_the_other_host(places: Places) -> None:
    first, second = places
    first.log_in()
    first.get("/put/mine")
    second.take_cookies(first)
    assert second.user() is None
    assert second.fetch("/profile").status_code == 401
    assert second.fetch("/token").status_code == 401
    assert second.fetch("/async-token").status_code == 401
    assert second.fetch("/async-session").get_json() is None
    assert second.fetch("/ran-user").get_json() == [{}, None]
    assert second.fetch("/session").get_json() == {}


@pytest.mark.parametrize("path", ["/user", "/put/other", "/logout", "/profile"])
def test_and_goes_on_at_its_own(places: Places, path: str) -> None:
    first, second = places
    first.log_in()
    first.get("/put/mine")
    second.take_cookies(first)
    second.get(path)
    assert first.user()["email"] == ADA
    assert first.fetch("/session").get_json() == {"value": "mine"}
    assert first.fetch("/token").status_code == 200


def test_a_login_in_its_place_ends_nothing_elsewhere(places: Places) -> None:
    first, second = places
    first.log_in(ADA)
    second.take_cookies(first)
    second.log_in(GRACE)
    assert second.user()["email"] == GRACE
    assert first.user()["email"] == ADA


def test_what_a_visitor_keeps_beside_it_is_a_session_of_its_own(
    places: Places,
) -> None:
    first, second = places
    first.log_in()
    second.take_cookies(first)
    second.get("/put/other")
    assert second.fetch("/session").get_json() == {"value": "other"}
    assert first.fetch("/session").get_json() == {}


def test_the_async_session_names_its_domain(places: Places) -> None:
    for each in places:
        each.log_in()
        found = each.fetch("/async-session").get_json()
        assert found == each.tenant.domain
        claims, same = each.fetch("/ran-user").get_json()
        assert claims == same == each.user()


def test_a_logout_leads_to_its_tenant(places: Places) -> None:
    for each in places:
        each.log_in()
    for each in places:
        answer = each.get("/logout")
        assert answer.location.startswith(f"https://{each.tenant.domain}/")
        assert each.user() is None


def test_a_logout_leaves_the_other_alone(places: Places) -> None:
    first, second = places
    first.log_in()
    second.log_in()
    first.get("/logout")
    assert second.user()["email"] == ADA


def test_the_function_is_called_once_and_only_if_needed(
    places: Places, function: Function
) -> None:
    first, _ = places
    first.log_in()
    first.get("/user")
    function.calls.clear()
    first.get("/public")
    assert not function.calls
    for path in ("/user", "/profile", "/async-token", "/ran-user", "/login"):
        first.get(path)
        assert function.calls[path] == 1, path


def test_what_is_kept_beside_a_session_is_another_ones_too(
    app: Flask, places: Places
) -> None:
    state, auth0 = app.extensions["auth0"], Auth0()
    store = state.state_store

    @app.get("/keep")
    def keep() -> str:
        auth0.run(store.set("pending", {"of": request.host}))
        return "kept"

    @app.get("/kept")
    def kept() -> t.Any:
        return app.json.response(auth0.run(store.get("pending")))

    first, second = places
    first.get("/keep")
    second.take_cookies(first)
    assert first.fetch("/kept").get_json() == {"of": first.host}
    assert second.fetch("/kept").get_json() is None
    second.get("/keep")
    assert second.fetch("/kept").get_json() == {"of": second.host}


def test_the_function_may_need_what_older_hooks_prepare(
    app: Flask, function: Function, places: Places
) -> None:
    """Also in the first request after a login, which asks for the user by itself."""
    first, _ = places
    first.log_in()
    asked = function.calls.total()
    at: list[int] = []
    # The app has set this up before the extension.
    app.before_request_funcs[None].insert(0, lambda: at.append(function.calls.total()))
    first.get("/user")
    assert at == [asked]
    assert function.calls.total() > asked
