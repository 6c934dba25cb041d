"""Concurrent changes of sessions in cookies are neither lost nor mixed up."""

from __future__ import annotations

import functools
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0, current_user
from flask_auth0.app_state import state_of
from flask_auth0.runtime import clock as clocks
from flask_auth0.sessions.cookies.newest_states import Memory
from flask_auth0.sessions.state_store import SessionStateStore

from .app import make_app
from .crew import Browser
from .late import late_answer, slow

Cookies = dict[str, str | None]


def make_own_app(**settings: t.Any) -> Flask:
    app = make_app(settings)
    auth0 = Auth0()

    def change(name: str) -> None:
        auth0.update_session({name: "changed"})

    for name in ("one", "other"):
        view = slow(functools.partial(change, name))
        app.add_url_rule(f"/change/{name}", f"change_{name}", view)
    refresh = slow(lambda: auth0.get_access_token(force_refresh=True))
    app.add_url_rule("/late/refresh", "refresh", refresh)

    @app.get("/claims")
    def claims() -> t.Any:
        return dict(current_user)

    @app.get("/role/<role>")
    def role(role: str) -> t.Any:
        auth0.update_session(role=role)
        return role

    return app


@pytest.fixture(params=["one process", "two processes"])
def apps(request: pytest.FixtureRequest) -> tuple[Flask, Flask]:
    """The app of each of two requests."""
    if request.param == "one process":
        app = make_own_app()
        return app, app
    url = request.getfixturevalue("redis_url") + "/5"
    # The processes share nothing but the store.
    one, other = (make_own_app(AUTH0_REVOCATION_STORE=url) for _ in range(2))
    return one, other


def both(apps: tuple[Flask, Flask], first: str, second: str, last: str) -> Browser:
    """Make two requests with the same cookies, and return the browser after both."""
    browser = Browser(apps[0]).logged_in()
    with late_answer(apps[0], first, browser) as late:
        other = Browser(apps[1], browser.cookies)
        before = dict(browser.cookies)
        response = other.get(second)
        assert response.status_code == 200
        soon: Cookies = {k: v for k, v in other.cookies.items() if before.get(k) != v}
    assert late.status == 200
    first_one, last_one = (soon, late.cookies)
    if last == "second":
        first_one, last_one = last_one, first_one
    browser.take(first_one).take(last_one)
    return browser


@pytest.mark.parametrize("last", ["first", "second"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/late/refresh?name=new", "/change/one"),
        ("/change/one", "/late/refresh?name=new"),
    ],
)
def test_a_claim_and_a_refresh(
    apps: tuple[Flask, Flask], first: str, second: str, last: str
) -> None:
    """Whichever answer comes last, and with which process the next request is."""
    browser = both(apps, first, second, last)
    for app in reversed(apps):
        browser.app = app
        assert browser.get("/claims").get_json()["one"] == "changed"
        assert browser.tokens() == {"access": "access-new", "refresh": "refresh-new"}


@pytest.mark.parametrize("last", ["first", "second"])
def test_two_claims(apps: tuple[Flask, Flask], last: str) -> None:
    browser = both(apps, "/change/one", "/change/other", last)
    for app in apps:
        browser.app = app
        claims = browser.get("/claims").get_json()
        assert (claims["one"], claims["other"]) == ("changed", "changed")


def test_a_head_opens_no_body_of_another_version() -> None:
    app = make_own_app()
    browser = Browser(app).logged_in()
    browser.get("/role/admin")
    before = dict(browser.cookies)
    browser.get("/role/reader")
    forget(app)
    mixed = {k: before[k] if "_head" in k else v for k, v in browser.cookies.items()}
    assert Browser(app, mixed).profile() is None
    assert browser.get("/claims").get_json()["role"] == "reader"


def test_answers_that_mix_lose_no_session() -> None:
    """For a while, the process knows the state that both parts are older than."""
    app = make_own_app()
    browser = Browser(app).logged_in()
    before = dict(browser.cookies)
    browser.get("/role/reader")
    mixed = {k: before[k] if "_body" in k else v for k, v in browser.cookies.items()}
    after = Browser(app, mixed)
    assert after.get("/claims").get_json()["role"] == "reader"
    forget(app)
    assert after.get("/claims").get_json()["role"] == "reader"


def test_a_visit_changes_no_part_of_the_state() -> None:
    app = make_own_app()
    browser = Browser(app).logged_in()
    response = browser.get("/profile")
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("session_a0_visit=")


@pytest.mark.parametrize("is_refused", [False, True])
def test_older_cookies(redis_url: str, is_refused: bool) -> None:
    app = make_own_app(
        AUTH0_REVOCATION_STORE=f"{redis_url}/5",
        AUTH0_REFUSE_OLDER_COOKIES=is_refused,
    )
    browser = Browser(app).logged_in()
    browser.get("/role/admin")
    older = browser.copy()
    browser.get("/role/reader")
    # For a minute, who comes with older ones goes on from the newest.
    assert older.copy().get("/claims").get_json()["role"] == "reader"
    forget(app)
    found = older.copy().profile()
    assert (found is None) == is_refused
    assert browser.get("/claims").get_json()["role"] == "reader"


def forget(app: Flask) -> None:
    """Let a minute pass."""
    store = state_of(app).state_store
    assert isinstance(store, SessionStateStore)
    browsers = store.browsers
    browsers._memory = Memory(clocks.machine)
    if browsers._store is not None:
        for key in browsers._store.client.scan_iter("flask_auth0.newest:*"):
            browsers._store.client.delete(key)
