"""What the app's function answers, and what it must not."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.config import read_config
from flask_auth0.runtime.request import current_request
from flask_auth0.sessions.domains import Domains
from tests.harness.domains import Function, Place
from tests.harness.own_stores import SimpleStore

from .conftest import MakeOwn, Places

BAD: list[t.Any] = [
    "",
    17,
    b"tenant.example",
    ["tenant.example"],
    "tenant.example/path",
    "user@tenant.example",
    "http://169.254.169.254/latest",
    "two\nlines",
]
#: Pages that need the domain, each in its own way.
PAGES = ["/user", "/profile", "/token", "/async-token", "/async-session", "/ran-user"]


@pytest.fixture
def first(places: Places) -> Place:
    """The first host, where somebody has logged in."""
    first, _ = places
    first.log_in()
    assert first.get("/user").status_code == 200
    return first


@pytest.mark.parametrize("settings", ["cookies"], indirect=True)
@pytest.mark.parametrize("answer", BAD, ids=repr)
def test_a_bad_one_is_told_to_the_log_alone(
    first: Place,
    function: Function,
    answer: t.Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    function.answer = answer
    told = first.get("/user")
    assert told.status_code == 500
    assert "Whoever runs this app finds the reason in its log." in told.text
    assert "AUTH0_DOMAIN" not in told.text
    (record,) = (each for each in caplog.records if "AUTH0_DOMAIN" in each.message)
    assert "AUTH0_DOMAIN is the function Function." in record.message
    assert "for the host 'localhost'" in record.message
    assert "\n" not in record.message


@pytest.mark.parametrize("path", [*PAGES, "/login", "/callback?code=x&state=y"])
def test_it_is_told_wherever_the_domain_is_needed(
    first: Place, function: Function, path: str
) -> None:
    function.answer = ""
    assert first.get(path).status_code == 500
    assert first.get("/public").status_code == 200
    function.answer = None
    assert first.user()


@pytest.mark.parametrize(
    "path", [*PAGES, "/login", "/logout", "/callback?code=x&state=y"]
)
def test_a_host_that_is_not_known_can_be_refused(first: Place, path: str) -> None:
    stranger = Place(first.client, "evil.example", first.tenant)
    stranger.take_cookies(first)
    assert stranger.get(path).status_code == 404
    assert stranger.get("/public").status_code == 200
    assert first.user()


@pytest.mark.parametrize("settings", ["cookies"], indirect=True)
@pytest.mark.parametrize("error", [ValueError("mine"), RuntimeError("mine")], ids=repr)
@pytest.mark.parametrize("path", [*PAGES, "/login"])
def test_an_error_of_the_function_reaches_the_app(
    app: Flask, function: Function, first: Place, path: str, error: Exception
) -> None:
    function.answer = error
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(type(error)) as caught:
        first.get(path)
    assert caught.value is error


def test_a_visitor_without_a_session_costs_no_call(
    places: Places, function: Function
) -> None:
    first, _ = places
    function.answer = ""
    for path in ("/user", "/async-session", "/session"):
        first.get(path)
    assert function.calls["/user"] == function.calls["/session"] == 0


@pytest.mark.parametrize("settings", ["cookies"], indirect=True)
@pytest.mark.parametrize(
    ("spelt", "domain"),
    [
        ("https://Tenant.example/", "tenant.example"),
        ("tenant.example:443", "tenant.example"),
        ("localhost:4443", "localhost:4443"),
    ],
)
def test_a_spelling_is_forgiven(app: Flask, spelt: str, domain: str) -> None:
    state = app.extensions["auth0"]
    domains = Domains(_with(state.config, lambda request: spelt))
    with app.test_request_context():
        assert domains.of(current_request()) == domain


def _with(config: t.Any, function: t.Any) -> t.Any:
    return dataclasses.replace(config, domain_function=function)


def test_the_option_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {
        "domain": lambda request: "tenant.example",
        "client_id": "x",
        "client_secret": "y",
        "secret": "4b1f6a0c9d83e7252f6cbb0d17a94e30c5e8d9f24a60b3718c2d5ef09b6a7143",
    }
    config, problems = read_config(options, {}, {"AUTH0_DOMAIN": "other.example"})
    assert problems == []
    assert config is not None
    assert config.domain == ""
    assert config.domain_function is options["domain"]
    config, _ = read_config({}, {f"AUTH0_{k.upper()}": v for k, v in options.items()})
    assert config is not None
    assert config.domain_function is options["domain"]


def test_outside_of_a_request_there_is_none(app: Flask) -> None:
    with app.app_context():
        assert Auth0().get_user() is None


@pytest.mark.parametrize("settings", ["cookies"], indirect=True)
def test_with_a_store_of_the_apps_own(
    make_own: MakeOwn, kind: str, tenants: t.Any, function: Function
) -> None:
    store = SimpleStore()
    client = make_own(kind, state_store=store).test_client()
    first, second = (Place(client, host, each) for host, each in tenants.items())
    first.log_in()
    second.take_cookies(first)
    assert second.user() is None
    for path in ("/profile", "/token", "/async-token"):
        assert second.fetch(path).status_code == 401, path
    assert second.fetch("/async-session").get_json() is None
    second.get("/logout")
    assert first.user()
    assert first.fetch("/async-token").status_code == 200
    function.answer = ""
    for path in PAGES:
        assert (path, first.get(path).status_code) == (path, 500)
