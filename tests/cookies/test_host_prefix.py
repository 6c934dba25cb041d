"""Session cookies that no other host can set, and the way there."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from flask_auth0 import Auth0
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import MakeApp, MakeVisitor, add_views

from .host_prefix import (
    FORMER,
    HOST,
    OPTIONS,
    SECURE,
    URL,
    Make,
    cookies_of,
    header_of,
    logged_in,
    moved_to,
    of_session,
    who,
)


def test_names(make: Make, kind: str) -> None:
    client = logged_in(make("true"))
    expected = {"__Host-session"}
    if kind == "cookie":
        expected |= {f"__Host-session_a0_{part}0" for part in ("head", "body")}
    assert of_session(client) == expected
    assert who(client) == "auth0|test"
    lines = client.get("/count", base_url=URL).headers.getlist("Set-Cookie")
    assert lines
    for line in lines:
        attributes = line.split("; ")
        assert attributes[0].startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(attributes)
        assert "Domain" not in line


@pytest.mark.parametrize("size", [0, 1000, 2000])
def test_switching_it_on_logs_nobody_out(make: Make, size: int) -> None:
    client = logged_in(make(), size, sub="ada")
    before = of_session(client)
    assert not [name for name in before if name.startswith("__Host-")]
    client = moved_to(client, make("migrate"))
    for _ in range(len(before)):
        answer = client.get("/user", base_url=URL)
        assert answer.json is not None
        assert answer.json["sub"] == "ada"
        if len(answer.headers.getlist("Set-Cookie")) > 2:
            assert sum(len(f"{k}: {v}\r\n") for k, v in answer.headers) < 4096
    assert of_session(client) == {f"__Host-{name}" for name in before}
    client = moved_to(client, make("true"))
    assert who(client) == "ada"
    with client.application.test_request_context(
        base_url=URL, headers={"Cookie": header_of(client)}
    ):
        assert len(Auth0().get_access_token()) == (size or 5)


def test_what_is_moved_lasts_as_long(make: Make) -> None:
    client = moved_to(logged_in(make()), make("migrate"))
    lines = client.get("/user", base_url=URL).headers.getlist("Set-Cookie")
    new = [line for line in lines if line.startswith("__Host-")]
    old = [line for line in lines if not line.startswith("__Host-")]
    assert len(new) == len(old) > 0
    for line in new:
        assert "Expires=" in line or "Max-Age=259200" in line
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(line.split("; "))
        assert "Domain" not in line
    assert all("Max-Age=0" in line and "Path=/" in line for line in old)
    assert client.get("/user", base_url=URL).headers.getlist("Set-Cookie") == []


def test_a_session_without_a_login_is_moved_as_well(make: Make) -> None:
    client = make().test_client()
    client.get("/count", base_url=URL)
    client = moved_to(client, make("migrate"))
    assert client.get("/count", base_url=URL).text == "2"
    assert set(cookies_of(client)) == {"__Host-session"}
    assert moved_to(client, make("true")).get("/count", base_url=URL).text == "3"


def test_what_changes_meanwhile_is_written_under_its_new_name(make: Make) -> None:
    client = moved_to(logged_in(make(), sub="ada"), make("migrate"))
    lines = client.get("/update", base_url=URL).headers.getlist("Set-Cookie")
    names = [line.partition("=")[0] for line in lines]
    assert len(names) == len(set(names))
    client = moved_to(client, make("true"))
    assert client.get("/profile", base_url=URL).text == "Hello New"


@pytest.mark.parametrize("path", ["logout", "update"])
def test_an_answer_that_comes_late_moves_nothing(
    make: Make, kind: str, path: str
) -> None:
    """The browser may have something newer by now."""
    client = moved_to(logged_in(make()), make("migrate", logout_strategy="v2"))
    lines = client.get(f"/during/{path}", base_url=URL).headers.getlist("Set-Cookie")
    if path == "logout" or kind == "cookie":
        assert not [line for line in lines if line.startswith("__Host-session")]


def test_a_response_that_depends_on_no_cookie_takes_none(make: Make) -> None:
    client = moved_to(logged_in(make(), sub="ada"), make("migrate"))
    assert "Set-Cookie" not in client.get("/plain", base_url=URL).headers
    assert "Set-Cookie" not in client.get("/nowhere", base_url=URL).headers
    assert who(client) == "ada"


@pytest.mark.parametrize("path", ["/logout", "/clear"])
def test_a_logout_leaves_nothing_of_either_name(make: Make, path: str) -> None:
    client = moved_to(logged_in(make()), make("migrate", logout_strategy="v2"))
    client.get(path, base_url=URL)
    assert of_session(client) == set()
    client = moved_to(logged_in(make()), client.application)
    for name, value in list(cookies_of(client).items()):
        client.set_cookie(f"__Host-{name}", value, domain=HOST)
    client.get(path, base_url=URL)
    # Without their key, pieces in cookies are worth nothing.
    assert not of_session(client) & {"session", "__Host-session", *FORMER}
    assert who(client) is None


def test_back_again_without_a_stray_piece(make: Make) -> None:
    client = moved_to(logged_in(make(), sub="ada"), make("migrate"))
    assert who(client) == "ada"
    assert moved_to(client, make("migrate")).get("/count", base_url=URL).text == "1"


def test_a_name_of_the_apps_own(make: Make) -> None:
    app = make("true", {"SESSION_COOKIE_NAME": "mine"})
    assert all(name.startswith("__Host-mine") for name in of_session(logged_in(app)))


def test_by_plain_http_on_a_developers_machine(make: Make) -> None:
    app = make("true", cookie_secure=None)
    client = app.test_client()
    client.get("/count")
    assert set(cookies_of(client)) == {"session"}
    client.get("/count", base_url=URL)
    assert set(cookies_of(client)) == {"session", "__Host-session"}


class OwnInterface(SecureCookieSessionInterface):
    pass


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"SESSION_COOKIE_NAME": "__Secure-mine"}, "prefix of its own"),
        ({"SESSION_COOKIE_NAME": "__Host-mine"}, "prefix of its own"),
        ({"SESSION_COOKIE_DOMAIN": HOST}, "SESSION_COOKIE_DOMAIN"),
        ({"SESSION_COOKIE_PATH": "/app"}, "path is not /"),
        ({"APPLICATION_ROOT": "/app"}, "path is not /"),
    ],
)
@pytest.mark.parametrize("prefix", ["true", "migrate"])
def test_where_it_cannot_be(
    make: Make,
    config: dict[str, str],
    reason: str,
    prefix: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make(prefix, config)
    assert reason in caplog.text
    name = config.get("SESSION_COOKIE_NAME", "session")
    assert all(each.startswith(name) for each in cookies_of(logged_in_client(app)))


@pytest.mark.parametrize("is_first", [True, False])
def test_an_interface_of_the_apps_own(
    is_first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    app.config["TESTING"] = True
    if is_first:
        app.session_interface = OwnInterface()
    Auth0(app, cookie_host_prefix="true", **OPTIONS, **SECURE)
    app.session_interface = OwnInterface()
    add_views(app)
    assert "session" in cookies_of(logged_in_client(app))
    for _ in range(2):
        app.test_client().get("/")
    assert caplog.text.count("session_interface") == 1


@pytest.mark.parametrize("prefix", ["true", "migrate", "false"])
@pytest.mark.parametrize("base_url", ["http://localhost", "https://localhost"])
def test_a_client_that_is_logged_in(make: Make, prefix: str, base_url: str) -> None:
    client = logged_in_client(make(prefix, cookie_secure=None))
    assert client.get("/profile", base_url=base_url).status_code == 200
    client.get("/clear", base_url=base_url)
    assert client.get("/profile", base_url=base_url).status_code == 401


def test_the_start_asks_for_a_decision(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    make(cookie_secure=None)
    make("false")
    make("true")
    make("migrate")
    make(cookie_domain=HOST)
    assert "AUTH0_COOKIE_HOST_PREFIX" not in caplog.text
    with caplog.at_level(logging.WARNING):
        make()
    assert "AUTH0_COOKIE_HOST_PREFIX" in caplog.text


def test_a_login_at_the_tenant(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(make_app(cookie_secure=True, cookie_host_prefix="true"))
    visitor.log_in()
    assert visitor.get("/profile").text == "Hello Ada Lovelace"
    assert all(name.startswith("__Host-") for name in visitor.cookies())
    visitor.get("/logout")
    assert visitor.user() is None
