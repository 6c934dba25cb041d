"""An answer that was on its way at a logout brings nothing back."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, current_app, session

from flask_auth0 import Auth0

from .app import make_app
from .crew import Browser
from .late import late_answer, slow

MODES = ("cookies", "revocation store", "redis")


@pytest.fixture(params=MODES)
def settings(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    """Sessions in each place."""
    if request.param == "cookies":
        return {}
    url = request.getfixturevalue("redis_url") + "/6"
    if request.param == "redis":
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}
    return {"AUTH0_REVOCATION_STORE": url}


@pytest.fixture
def app(settings: dict[str, t.Any]) -> Flask:
    app = make_app(settings)
    for name, work in WORK.items():
        app.add_url_rule(f"/late/{name}", name, slow(work))

    @app.get("/kept")
    def kept() -> t.Any:
        return {name: value for name, value in session.items() if name[0] != "_"}

    return app


def put() -> None:
    session["address"] = "of Ada"


def empty() -> None:
    session.clear()


def regenerate() -> None:
    session["address"] = "of Ada"
    interface = t.cast(t.Any, current_app.session_interface)
    if hasattr(interface, "regenerate"):
        interface.regenerate(session)


def update() -> None:
    Auth0().update_session(nickname="late")


def refresh() -> None:
    Auth0().get_access_token(force_refresh=True)


WORK = {each.__name__: each for each in (put, empty, regenerate, update, refresh)}


@pytest.mark.parametrize("work", WORK)
def test_after_a_logout(app: Flask, work: str) -> None:
    browser = Browser(app).logged_in()
    browser.get("/late/put")
    with late_answer(app, f"/late/{work}?name=late", browser) as late:
        left = browser.copy()
        left.get("/logout")
    for each in (left, left.copy().take(late.cookies)):
        assert each.profile() is None
        assert each.get("/kept").get_json() == {}


@pytest.mark.parametrize("work", WORK)
def test_nobody_gets_the_session_of_who_was_there_before(app: Flask, work: str) -> None:
    browser = Browser(app).logged_in()
    browser.get("/late/put")
    with late_answer(app, f"/late/{work}?name=late", browser) as late:
        grace = browser.copy()
        grace.get("/logout")
        grace.logged_in("grace")
    grace.take(late.cookies)
    assert grace.profile() == {"sub": "grace", "kept": {}}


@pytest.mark.parametrize("work", WORK)
def test_nor_after_a_login_without_a_logout(app: Flask, work: str) -> None:
    browser = Browser(app).logged_in()
    browser.get("/late/put")
    with late_answer(app, f"/late/{work}?name=late", browser) as late:
        grace = browser.copy().logged_in("grace")
    grace.take(late.cookies)
    assert grace.profile() == {"sub": "grace", "kept": {}}
