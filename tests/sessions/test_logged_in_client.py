"""A logged-in test client, wherever the app keeps its cookies."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, session

from flask_auth0 import Auth0, ConfigurationError
from flask_auth0.testing import logged_in_client
from tests.harness.clock import Clock
from tests.harness.visitor import SECRET, add_views

OPTIONS: dict[str, t.Any] = {
    "domain": "t.example.com",
    "client_id": "c",
    "client_secret": "s",
}
PLACES: list[dict[str, t.Any]] = [
    {},
    {"APPLICATION_ROOT": "/app"},
    {"SESSION_COOKIE_PATH": "/"},
    {"AUTH0_COOKIE_PATH": "/"},
    {"SESSION_COOKIE_DOMAIN": "example.test"},
    {"AUTH0_COOKIE_DOMAIN": "example.test"},
    {"AUTH0_COOKIE_DOMAIN": "example.test", "APPLICATION_ROOT": "/app"},
    {"AUTH0_COOKIE_DOMAIN": "example.test", "SERVER_NAME": "app.example.test"},
]


@pytest.mark.parametrize("config", PLACES, ids=str)
def test_sessions_change_and_end(config: dict[str, t.Any]) -> None:
    app = Flask(__name__)
    app.config.update(TESTING=True, **config)
    auth0 = Auth0(app, secret=SECRET, logout_strategy="v2", **OPTIONS)
    add_views(app)

    @app.get("/rename")
    def rename() -> str:
        auth0.update_session(name="Grace")
        return str(session.get("cart"))

    client = logged_in_client(app, name="Ada")
    with client.session_transaction() as theirs:
        theirs["cart"] = 1
    assert client.get("/rename").text == "1"
    assert client.get("/profile").text == "Hello Grace"
    assert client.get("/logout").status_code == 302
    assert client.get("/user").json is None


def test_its_session_can_be_changed_some_time_later(clock: Clock) -> None:
    """Outside of a request, nobody has been active."""
    app = Flask(__name__)
    app.testing = True
    Auth0(app, secret=SECRET, **OPTIONS)
    add_views(app)
    client = logged_in_client(app, name="Ada")
    clock.offset = app.extensions["auth0"].config.session_inactivity_duration / 2
    with client.session_transaction() as theirs:
        theirs["cart"] = 1
    assert client.get("/profile").text == "Hello Ada"


@pytest.mark.parametrize("mode", ["testing", "debug"])
def test_it_is_for_tests_alone(mode: str) -> None:
    """What it returns has cookies that the app believes, wherever it runs."""
    app = Flask(__name__)
    Auth0(app, secret=SECRET, **OPTIONS)
    add_views(app)
    with pytest.raises(ConfigurationError, match=r"Set app\.testing = True"):
        logged_in_client(app)
    setattr(app, mode, True)
    assert logged_in_client(app).get("/profile").status_code == 200
