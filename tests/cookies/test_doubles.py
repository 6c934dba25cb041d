"""Several cookies of one name: from before a change of settings, or another host's."""

from __future__ import annotations

import logging
import re
import typing as t

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from flask_auth0 import Auth0
from flask_auth0.sessions.cookies.sweeping import Variant, variants
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import SECRET, add_views

HOST = "app.example.test"
URL = f"http://{HOST}"
PARENT = "example.test"
OPTIONS: dict[str, t.Any] = {
    "domain": "tenant.example.com",
    "client_id": "c",
    "client_secret": "s",
    "secret": SECRET,
}

Cookies = list[tuple[str, str]]


@pytest.fixture(params=["cookie", "cachelib"])
def make(request: pytest.FixtureRequest, tmp_path: t.Any) -> t.Any:
    """Make apps with one place for sessions and different settings of cookies."""

    def make(**options: t.Any) -> Flask:
        app = Flask(__name__)
        app.config.update(TESTING=True, SECRET_KEY="key")
        if request.param == "cachelib":
            app.config["SESSION_TYPE"] = "cachelib"
            app.config["SESSION_CACHELIB"] = str(tmp_path / "sessions")
        Auth0(app, **OPTIONS, **options)
        add_views(app)
        app.add_url_rule("/page", "page", app.view_functions["user"])
        app.add_url_rule("/end", "end", lambda: session.clear() or "")  # type: ignore[func-returns-value]
        return app

    return make


def cookies_of(client: FlaskClient) -> Cookies:
    return [(each.key, each.value) for each in (client._cookies or {}).values()]


def ask(app: Flask, cookies: Cookies, path: str = "/user") -> t.Any:
    header = "; ".join(f"{name}={value}" for name, value in cookies)
    client = app.test_client(use_cookies=False)
    return client.get(path, base_url=URL, headers={"Cookie": header})


def test_two_sessions_are_none(make: t.Any, caplog: pytest.LogCaptureFixture) -> None:
    app = make()
    ada, bob = (cookies_of(logged_in_client(app, sub=sub)) for sub in ("ada", "bob"))
    for cookies in (ada + bob, bob + ada):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            answer = ask(app, cookies, "/page")
        assert answer.json is None
        assert [
            each.message for each in caplog.records if "two sessions" in each.message
        ]
        deleted = answer.headers.getlist("Set-Cookie")
        assert all("Max-Age=0" in each for each in deleted)
        for place in ("Path=/", f"Domain={PARENT}; .*Path=/page", "Path=/page"):
            assert any(re.search(place, each) for each in deleted)
        assert len("".join(deleted)) < 4096


@pytest.mark.parametrize("strange", ["rubbish", "a.b.c", "", "x" * 5000])
def test_what_does_not_open_is_of_no_account(make: t.Any, strange: str) -> None:
    app = make()
    mine = cookies_of(logged_in_client(app, sub="ada"))
    others = [(name, strange) for name, _ in mine]
    for cookies in (mine + others, others + mine):
        answer = ask(app, cookies)
        assert answer.get_json()["sub"] == "ada"
        assert not answer.headers.getlist("Set-Cookie")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"cookie_domain": PARENT}),
        ({"cookie_domain": PARENT}, {}),
        ({"cookie_path": "/page"}, {}),
        ({}, {"cookie_path": "/page"}),
    ],
    ids=["domain added", "domain removed", "path removed", "path added"],
)
def test_a_change_of_settings(
    make: t.Any, before: dict[str, str], after: dict[str, str]
) -> None:
    """Who was in stays in; who logs out is out, and the next one sees their own."""
    old, new = make(**before), make(**after)
    client = _at_host(old, "ada")
    client.application = new
    assert client.get("/page", base_url=URL).get_json()["sub"] == "ada"
    client.get("/page/end" if after.get("cookie_path") else "/end", base_url=URL)
    for header in _login_headers(new, "bob"):
        _receive(client, header)
    # Cookies of a longer path could not be seen at the logout; here they are.
    if client.get("/page", base_url=URL).json is None:
        assert before == {"cookie_path": "/page"} or after == {"cookie_path": "/page"}
        for header in _login_headers(new, "bob"):
            _receive(client, header)
    assert client.get("/page", base_url=URL).get_json()["sub"] == "bob"


def _at_host(app: Flask, sub: str) -> FlaskClient:
    client = app.test_client()
    for header in _login_headers(app, sub):
        _receive(client, header)
    return client


def _receive(client: FlaskClient, header: str) -> None:
    # A browser tells a domain's cookie from the host's own.
    pair, *rest = header.split("; ")
    name, _, value = pair.partition("=")
    attributes = dict(each.partition("=")[::2] for each in rest)
    domain = attributes.get("Domain")
    client.set_cookie(
        name,
        value,
        domain=domain or HOST,
        origin_only=domain is None,
        path=attributes["Path"],
    )


def _login_headers(app: Flask, sub: str) -> list[str]:
    client = logged_in_client(app, sub=sub)
    return [
        "; ".join(
            [f"{each.key}={each.value}", f"Path={each.path}"]
            + ([] if each.origin_only else [f"Domain={each.domain}"])
        )
        for each in (client._cookies or {}).values()
    ]


def test_the_apps_own_logout_deletes_all_of_them(make: t.Any) -> None:
    app = make()
    answer = ask(app, cookies_of(logged_in_client(app)), "/end")
    deleted = answer.headers.getlist("Set-Cookie")
    assert any(f"session=; Domain={PARENT};" in each for each in deleted)
    assert any(f"session=; Domain={HOST};" in each for each in deleted)


def test_variants_are_few_and_can_be_named() -> None:
    current = Variant(None, "/")
    found = variants("a.b.example.test", "/x/y", current)
    assert current not in found
    assert Variant("example.test", "/") in found
    assert not [each for each in found if each.domain == "test"]
    assert len(variants("a.b.c.d.e.test", "/1/2/3/4/5/6/7/8", current)) <= 16
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert {each.domain for each in variants(host, "/x", current)} == {None}


def test_what_tells_that_a_login_lasts_is_deleted_too(make: t.Any) -> None:
    """The note would count for the next user, so it is deleted everywhere."""
    app = make()
    cookies = [*cookies_of(logged_in_client(app, sub="ada")), ("session_a0_loop", "x")]
    answer = ask(app, [*cookies, ("session_a0_loop", "y")], "/logout")
    places = [
        line
        for line in answer.headers.getlist("Set-Cookie")
        if line.startswith("session_a0_loop=;") and f"Domain={PARENT}" in line
    ]
    assert places
