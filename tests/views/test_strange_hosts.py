"""Hosts that are no names, and whatever else a visitor asks for."""

from __future__ import annotations

import typing as t

import httpx
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flask_auth0 import login_required
from flask_auth0.views.redirects import next_or_default
from tests.harness.hosts import SHARED, next_of, several_hosts
from tests.harness.visitor import FETCH, NAVIGATION

NO_NAMES = ["", "a b", "app.example@evil.example", "app.example\\x", "b\xfcch.example"]


@pytest.mark.parametrize("redirect_uri", [None, "http://app.example/callback"])
@pytest.mark.parametrize("kind", ["subdomain", "host"])
@pytest.mark.parametrize("host", [*NO_NAMES, "[::1]:8000"], ids=ascii)
@pytest.mark.filterwarnings("ignore:Current server name")
def test_hosts_that_are_no_names(
    options: dict[str, t.Any], redirect_uri: str | None, kind: str, host: str
) -> None:
    """None of them is an error of the app."""
    app = several_hosts(options, SHARED, kind=kind, redirect_uri=redirect_uri)
    app.before_request(login_required(lambda: None))
    for path in ("/", "/login?next=/", "/logout", "/callback?code=a&state=b"):
        for headers in (NAVIGATION, FETCH, HTMX):
            environ = EnvironBuilder(path, headers=Headers(headers)).get_environ()
            environ["HTTP_HOST"] = host
            body, status, _ = run_wsgi_app(app, environ)
            assert int(status[:3]) < 500, b"".join(body)


def test_below_another_app(options: dict[str, t.Any]) -> None:
    app = several_hosts(options, SHARED, kind="subdomain")
    outer = Flask(__name__)
    outer.wsgi_app = DispatcherMiddleware(outer, {"/in": app})  # type: ignore[method-assign]
    answer = outer.test_client().get(
        "/in/dash", base_url="http://admin.app.example", headers=NAVIGATION
    )
    assert next_of(answer) == "http://admin.app.example/in/dash"
    with app.test_request_context(base_url="http://app.example/in"):
        config = app.extensions["auth0"].config
        for path, is_taken in {"/in/dash": True, "/dash": False, "/in": False}.items():
            url = f"http://admin.app.example{path}"
            assert (next_or_default(url, config) == url) is is_taken


PIECES = [
    *("http", "https", "HTTP", ":", "/", "//", "\\", "@", "?", "#", ";", "[", "]"),
    *(".", "..", "。", "%2f", "%5c", "%00", " ", "\t", "\n", "\u200d", "ü"),
    *(":80", ":443", ":8080", "app.example", "admin.", "evil", ".example"),
    *("dash", "login", "logout"),
]


TEXTS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


HTMX = {**FETCH, "HX-Request": "true"}
STARTS = st.sampled_from(["", "/", "http://app.example", "http://admin.app.example"])


@pytest.mark.parametrize("kind", ["subdomain", "host"])
def test_whatever_is_asked_for_leads_to_a_page_of_the_app(
    options: dict[str, t.Any], kind: str
) -> None:
    app = several_hosts(options, SHARED, kind=kind)
    config = app.extensions["auth0"].config

    @settings(deadline=None, max_examples=500)
    @given(STARTS, TEXTS)
    def check(start: str, rest: str) -> None:
        led_to = next_or_default(start + rest, config)
        # Browsers know no parameters of a path, as the join of this library does.
        found = httpx.URL("http://app.example").join(led_to.replace(";", "%3B"))
        assert found.scheme == "http"
        assert found.netloc in {b"app.example", b"admin.app.example"}
        if found.netloc == b"admin.app.example":
            assert found.path in {"/dash", "/enter", "/dash/logout"}
        assert found.path.strip("/") not in {"login", "logout", "callback"}

    with app.test_request_context(base_url="http://app.example"):
        check()
