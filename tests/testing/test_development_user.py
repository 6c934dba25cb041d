"""One person who logs in without a tenant, where no real users are."""

from __future__ import annotations

import json
import logging
import socket
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0, ConfigurationError, current_user, login_required
from flask_auth0.testing import CONFIG, log_out

ADA = {"sub": "auth0|ada", "name": "Ada", "roles": ["admin"]}
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nobody to ask."""

    def refuse(*args: t.Any, **options: t.Any) -> t.Any:
        raise AssertionError(args)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def make_app(**config: t.Any) -> tuple[Flask, Auth0]:
    """An app of which nothing else is configured."""
    app = Flask(__name__)
    app.config.update({"TESTING": True, "AUTH0_DEVELOPMENT_USER": ADA, **config})
    auth0 = Auth0(app, roles_claim="roles")

    @app.get("/profile")
    @login_required(roles="admin", max_age=60)
    def profile() -> dict[str, t.Any]:
        return dict(current_user)

    @app.get("/payments")
    @login_required(mfa=True)
    def payments() -> str:
        return "payments"

    @app.get("/")
    def index() -> str:
        return f"{current_user.get('name')}"

    return app, auth0


@pytest.mark.parametrize("kind", [None, "memory"])
def test_a_page_is_a_login_away(kind: str | None) -> None:
    app, _ = make_app(SESSION_TYPE=kind)
    client = app.test_client()
    answer = client.get("/profile", headers=PAGE, follow_redirects=True)
    assert answer.request.path == "/profile"
    assert answer.json["name"] == "Ada"  # type: ignore[index]
    login, callback = answer.history[1:]
    assert [login.request.path, callback.request.path] == ["/login", "/callback"]
    deleted = [c for c in callback.headers.getlist("Set-Cookie") if "_tx_" in c]
    assert ["Max-Age=0" in each for each in deleted] == [True]
    answer = client.post("/logout", follow_redirects=True)
    assert (answer.request.path, answer.text) == ("/", "None")


def test_hooks_answer_as_after_any_login() -> None:
    app, auth0 = make_app()
    told: list[t.Any] = []

    @auth0.after_login
    def welcome(found: t.Any, login: t.Any) -> str:
        told.append((found["user"]["sub"], login["next"], login.get("screen_hint")))
        return "welcome"

    client = app.test_client()
    url = "/login?next=/profile&screen_hint=signup"
    answer = client.get(url, headers=PAGE, follow_redirects=True)
    assert answer.text == "welcome"
    assert told == [("auth0|ada", "/profile", "signup")]
    log_out(client)
    assert client.get("/").text == "None"


def test_what_the_person_lacks_is_refused_and_no_circle() -> None:
    client = make_app()[0].test_client()
    answer = client.get("/payments", headers=PAGE, follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (403, "/payments")


def test_a_callback_without_a_login_logs_nobody_in() -> None:
    client = make_app()[0].test_client()
    client.get("/callback?code=development&state=x", headers=PAGE)
    assert client.get("/").text == "None"


@pytest.mark.parametrize("mode", ["DEBUG", "TESTING"])
def test_the_environment_is_enough(
    mode: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AUTH0_DEVELOPMENT_USER", json.dumps(ADA))
    config = {"TESTING": False, mode: True, "AUTH0_DEVELOPMENT_USER": None}
    with caplog.at_level(logging.WARNING):
        client = make_app(**config)[0].test_client()
    client.get("/login", headers=PAGE, follow_redirects=True)
    assert client.get("/").text == "Ada"
    assert ("without a password" in caplog.text) == (mode == "DEBUG")


def test_it_is_refused_where_real_users_may_be() -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_app(TESTING=False)
    (problem,) = caught.value.problems
    assert str(problem).count("AUTH0_DEVELOPMENT_USER") == 1
    development = {"AUTH0_DOMAIN": "localhost", "AUTH0_ALLOW_DEVELOPMENT_TENANT": True}
    with pytest.raises(ConfigurationError, match="unset it"):
        make_app(TESTING=False, **development)
    app, _ = make_app()
    app.testing = False
    client = app.test_client()
    assert client.get("/login", headers=PAGE).status_code == 500
    assert client.get("/").text == "None"


def test_a_login_is_not_completed_any_more_either() -> None:
    app, _ = make_app()
    client = app.test_client()
    callback = client.get("/login", headers=PAGE).location
    app.testing = False
    assert client.get(callback, headers=PAGE).status_code == 500
    assert client.get("/").text == "None"


def test_its_session_is_nobodys_where_real_users_are() -> None:
    app, _ = make_app(**CONFIG)
    client = app.test_client()
    client.get("/login", headers=PAGE, follow_redirects=True)
    assert client.get("/").text == "Ada"
    real, _ = make_app(**CONFIG, AUTH0_DEVELOPMENT_USER=None)
    client.application = real
    assert client.get("/").text == "None"


@pytest.mark.parametrize("wrong", ["{", "[]", {"name": "Ada"}, {"sub": ""}], ids=str)
def test_claims_that_name_nobody(wrong: t.Any) -> None:
    with pytest.raises(ConfigurationError, match="AUTH0_DEVELOPMENT_USER must"):
        make_app(AUTH0_DEVELOPMENT_USER=wrong)
