"""Secure is on every session cookie of https, once, whatever they are called."""

from __future__ import annotations

import pytest
from flask import Flask, Response
from flask.sessions import SecureCookieSessionInterface

from flask_auth0.sessions.cookies.flags import are_cookies_secure
from tests.harness.visitor import MakeApp


class OwnName(SecureCookieSessionInterface):
    def get_cookie_name(self, app: Flask) -> str:
        return "mine"


def login_lines(app: Flask, url: str) -> list[str]:
    with app.test_client() as client:
        return client.get("/start", base_url=url).headers.getlist("Set-Cookie")


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app()

    @app.get("/start")
    def start() -> Response:
        from flask import session

        from flask_auth0 import Auth0

        session["own"] = 1
        return Auth0().login()  # type: ignore[return-value]

    return app


@pytest.mark.parametrize("own", [False, True])
def test_each_one_is_secure_once(app: Flask, own: bool) -> None:
    if own:
        app.session_interface = OwnName()
    name = "mine" if own else "session"
    lines = login_lines(app, "https://app.example.com")
    assert len(lines) == 2
    for line in lines:
        assert name in line
        assert line.count("Secure") == 1
    assert "Secure" not in "".join(login_lines(app, "http://localhost"))
    assert "Secure" in "".join(login_lines(app, "http://app.example.com"))


def test_beside_an_extension_that_sets_it(app: Flask) -> None:
    @app.before_request
    def as_talisman_does() -> None:
        app.config["SESSION_COOKIE_SECURE"] = True

    for line in login_lines(app, "https://app.example.com"):
        assert line.count("Secure") == 1


def test_a_host_without_trust_is_no_error(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["app.example.com"]
    with app.test_request_context(base_url="https://evil.example.com"):
        assert are_cookies_secure(app.extensions["auth0"].config)
