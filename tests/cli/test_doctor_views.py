"""The doctor about the app's views, cookies and modes."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_auth0 import login_required
from tests.harness.visitor import MakeApp

from .examined import finding, findings, subject_of
from .invoked import invoke

PUBLIC = "https://app.example.com"


def shadowed(app: Flask) -> None:
    app.add_url_rule("/callback", "own_callback", lambda: "")


def unguarded(app: Flask) -> None:
    @login_required
    @app.get("/wrong-order")
    def wrong_order() -> str:
        return ""


CASES: dict[str, tuple[str, str, Callable[[Flask], None], str, str]] = {
    "shadow": ("app.routes", "http://localhost", shadowed, "wrong", "own_callback"),
    "order": ("app.guards", "http://localhost", unguarded, "wrong", "wrong_order"),
    "proxy": ("app.proxy", PUBLIC, lambda app: None, "warning", "no ProxyFix"),
    "testing": ("app.debug", PUBLIC, lambda app: None, "wrong", "TESTING is on"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong(make_app: MakeApp, name: str) -> None:
    check, url, change, level, words = CASES[name]
    app = make_app()
    before = findings(subject_of(app, "http://localhost"), check)
    assert [each.level for each in before] in (["ok"], [])
    change(app)
    found = finding(app, check, url=url)
    assert (found.level, words in found.told) == (level, True)


def test_debug_mode_where_others_can_come(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(allow_weak_secret=True, allow_development_tenant=True)
    app.testing = False
    monkeypatch.setenv("FLASK_DEBUG", "1")
    found = findings(subject_of(app, PUBLIC), "app.debug")
    assert [each.level for each in found] == ["wrong", "warning", "warning"]
    monkeypatch.delenv("FLASK_DEBUG")
    app = make_app()
    app.testing = False
    assert finding(app, "app.debug", url=PUBLIC).level == "ok"


def test_a_proxy_that_the_app_believes(make_app: MakeApp) -> None:
    app = make_app()
    fixed: t.Any = ProxyFix(app.wsgi_app)
    app.wsgi_app = fixed  # type: ignore[method-assign]
    assert finding(app, "app.proxy", url=PUBLIC).level == "ok"


@pytest.mark.parametrize(
    ("changes", "url", "words"),
    [
        ({"cookie_domain": "other.example"}, PUBLIC, "Cookies are for other.example"),
        ({"cookie_secure": True}, "http://app.example.com", "Cookies are Secure"),
        ({"cookie_secure": False}, PUBLIC, "Cookies are not Secure"),
    ],
)
def test_cookies_that_do_not_fit(
    make_app: MakeApp, changes: dict[str, t.Any], url: str, words: str
) -> None:
    found = finding(make_app(**changes), "app.cookies", url=url)
    assert (found.level, found.told.startswith(words)) == ("wrong", True)
    assert finding(make_app(), "app.cookies").level == "ok"


def test_the_address_is_that_of_the_settings(make_app: MakeApp) -> None:
    """Without --url, AUTH0_REDIRECT_URI or SERVER_NAME says where the app is."""
    uri = "https://one.example.com/app/callback"
    subject = subject_of(make_app(redirect_uri=uri), None)
    assert not subject.is_guess
    named = {"SERVER_NAME": "two.example.com", "PREFERRED_URL_SCHEME": "https"}
    subject = subject_of(make_app(named), None)
    assert (subject.base, subject.is_guess) == ("https://two.example.com", False)
    assert subject_of(make_app(), None).is_guess
    assert finding(make_app(redirect_uri=uri), "app.address", url=None).level == "ok"
    found = finding(make_app(redirect_uri=uri), "app.address", url=PUBLIC)
    assert (found.level, "https://one.example.com" in found.told) == ("wrong", True)


def test_what_is_no_address() -> None:
    for command in ("doctor", "init"):
        result = invoke(None, command, "--url", "app.example.com")
        assert (result.exit_code, "app.example.com is no" in result.output) == (2, True)
