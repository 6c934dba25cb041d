"""What the pages show, and to whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest
from flask import Flask, g, request
from flask.testing import FlaskClient

from example_app import api_client
from example_app.presentation import claim_text, initials, picture_url
from flask_auth0.tenant import Lifetimes, Tenant
from tests.harness.browser import FETCH, NAVIGATION, Browser

PUBLIC = ["/", "/fetch"]
PROTECTED = [
    "/profile",
    "/step-up",
    "/roles",
    "/accounts",
    "/call-api",
    "/call-api-async",
    "/sessions",
]
NOVEMBER = '<time datetime="2023-11-14T22:13:20+00:00">2023-11-14 22:13 UTC</time>'
SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_answer(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=NAVIGATION)
    assert response.status_code == 200
    assert "Log in" in response.text


@pytest.mark.parametrize("path", PROTECTED)
def test_protected_pages_send_a_browser_to_log_in(
    client: FlaskClient, path: str
) -> None:
    response = client.get(path, headers=NAVIGATION)
    assert response.status_code == 302
    assert response.location.startswith("/login?next=")


@pytest.mark.parametrize("path", [*PROTECTED, "/whoami.json"])
def test_protected_addresses_tell_a_script_where_to_log_in(
    client: FlaskClient, path: str
) -> None:
    response = client.get(path, headers=FETCH)
    assert response.status_code == 401
    assert response.get_json()["login_url"].startswith("/login")


@pytest.mark.parametrize("path", [*PUBLIC, "/no-such-page", "/api/caller"])
def test_no_inline_script_is_allowed(client: FlaskClient, path: str) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_logging_out_may_go_on_to_the_tenant(
    client: FlaskClient, tenant: Tenant
) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert f"form-action 'self' {tenant.front_channel_url};" in policy


def test_an_unknown_address_gets_a_page(client: FlaskClient) -> None:
    response = client.get("/no-such-page")
    assert response.status_code == 404
    assert "There is no such page" in response.text


def test_every_page_shows_who_is_logged_in(browser: Browser) -> None:
    for path in [*PROTECTED, *PUBLIC]:
        response = browser.get(path)
        assert response.status_code == 200
        assert str(response.url).endswith(path)
        assert "Ada Lovelace" in response.text
        assert "Log out" in response.text


def test_the_profile_lists_the_claims(browser: Browser) -> None:
    page = browser.get("/profile").text
    assert "ada@example.com" in page
    assert "auth0|ada" in page


def test_the_sync_page_shows_what_the_api_says(browser: Browser) -> None:
    page = browser.get("/call-api").text
    assert "/api/caller" in page
    assert "&#34;subject&#34;: &#34;auth0|ada&#34;" in page


def test_the_async_page_shows_what_the_api_says_twice(browser: Browser) -> None:
    page = browser.get("/call-api-async").text
    assert "&#34;subject&#34;: &#34;auth0|ada&#34;" in page
    assert "&#34;seconds_left&#34;" in page


def test_a_token_that_cannot_be_renewed_leads_to_a_new_login(
    browser: Browser, tenant: Tenant
) -> None:
    tenant.lifetimes.access_token = -60
    browser.get("/profile")
    tenant.lifetimes = Lifetimes()
    tenant.expire_tokens()
    for path in ["/call-api", "/call-api-async"]:
        response = browser.get(path)
        assert response.status_code == 401
        assert f'href="/login?next={path}"' in response.text
    response = browser.get("/login?next=/call-api-async")
    assert "&#34;subject&#34;: &#34;auth0|ada&#34;" in response.text


class Listener(BaseHTTPRequestHandler):
    """Any other service on this machine, which takes down what it is sent."""

    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.heard.append(str(self.headers))
        self.send_error(404)

    do_POST = do_GET


@pytest.fixture
def listener() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()
    Listener.heard.clear()


@pytest.mark.parametrize("path", ["/call-api", "/call-api-async"])
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "evil.example", "[::1]"])
def test_an_access_token_goes_to_no_address_that_a_request_names(
    browser: Browser, listener: HTTPServer, path: str, name: str
) -> None:
    browser.get("/profile")
    headers = {**NAVIGATION, "Host": f"{name}:{listener.server_port}"}
    page = browser.http.get(f"{browser.app_url}{path}", headers=headers)
    assert page.status_code == 200
    # The request went to the app itself.
    assert "&#34;subject&#34;: &#34;auth0|ada&#34;" in page.text
    assert not Listener.heard


def test_a_request_within_the_process_is_one_of_its_own(
    app: Flask, browser: Browser
) -> None:
    seen = []

    @app.before_request
    def look() -> None:
        seen.append((request.path, g.setdefault("first", request.path)))

    for trusted in (None, ["127.0.0.1"], ["127.0.0.1", ".example.com"]):
        app.config["TRUSTED_HOSTS"] = trusted
        page = browser.get("/call-api").text
        assert "&#34;subject&#34;: &#34;auth0|ada&#34;" in page
    assert ("/api/caller", "/api/caller") in seen
    assert all(path == first for path, first in seen)


def test_an_api_elsewhere(app: Flask, browser: Browser, tenant: Tenant) -> None:
    app.config["API_URL"] = f"{browser.app_url}/"
    for path in ("/call-api", "/call-api-async"):
        assert "&#34;subject&#34;: &#34;auth0|ada&#34;" in browser.get(path).text
    app.config["API_URL"] = "http://127.0.0.1:9"
    for path in ("/call-api", "/call-api-async"):
        assert "The API did not answer (ConnectError)" in browser.get(path).text


def test_where_the_app_is_mounted(client: FlaskClient, tenant: Tenant) -> None:
    with client.application.test_request_context("/x", base_url="http://localhost/m"):
        answer = api_client.get("api.caller", tenant.keys.sign({}))
    assert (answer.path, answer.status) == ("/api/caller", 401)


def test_no_page_shows_a_token(browser: Browser) -> None:
    for path in [*PROTECTED, *PUBLIC]:
        assert "eyJ" not in browser.get(path).text


def test_a_script_gets_the_data_of_whoever_is_logged_in(browser: Browser) -> None:
    browser.get("/profile")
    assert browser.fetch("/whoami.json").json() == {
        "name": "Ada Lovelace",
        "sub": "auth0|ada",
    }


def test_logging_out_comes_back_to_the_home_page(browser: Browser) -> None:
    browser.get("/profile")
    page = browser.http.post(f"{browser.app_url}/logout", headers=NAVIGATION)
    assert page.url.path == "/"
    assert "A login that stays correct" in page.text
    assert browser.fetch("/whoami.json").status_code == 401


def test_a_name_is_never_run_as_script(browser: Browser, tenant: Tenant) -> None:
    tenant.extra_claims.update(
        name=SCRIPT,
        picture=f"https://pictures.example/'\"{SCRIPT}",
        nested={"name": SCRIPT},
        **{SCRIPT: "claim"},
    )
    for path in [*PROTECTED, *PUBLIC]:
        page = browser.get(path).text
        assert SCRIPT not in page
        assert "&lt;script&gt;alert(1)" in page
    assert SCRIPT in json.loads(browser.fetch("/whoami.json").text)["name"]


@pytest.mark.parametrize(
    "picture",
    [
        None,
        "",
        7,
        "http://pictures.example/ada.png",
        "javascript:alert(1)",
        "data:image/svg+xml,<svg/>",
        "//pictures.example/ada.png",
        "https://",
        "https://[",
    ],
)
def test_a_picture_that_is_not_https_is_not_loaded(picture: object) -> None:
    assert picture_url({"sub": "a", "picture": picture}) is None


def test_a_picture_is_loaded_over_https() -> None:
    url = "https://pictures.example/ada.png"
    assert picture_url({"sub": "a", "picture": url}) == url


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"sub": "auth0|1", "name": "Ada King Lovelace"}, "AL"),
        ({"sub": "auth0|1", "name": "ada"}, "A"),
        ({"sub": "auth0|1", "name": "", "email": "grace@example.com"}, "G"),
        ({"sub": "auth0|1", "name": "   "}, "?"),
        ({"sub": "auth0|1"}, "A"),
    ],
)
def test_initials_stand_for_a_person(user: dict[str, str], expected: str) -> None:
    assert initials(user) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("iat", 1700000000, NOVEMBER),
        ("iat", 10**30, str(10**30)),
        ("exp", "soon", "soon"),
        ("exp", None, "null"),
        ("email_verified", True, "true"),
        ("org", {"name": "Zoë"}, '{"name": "Zoë"}'),
    ],
)
def test_a_claim_is_shown_as_one_reads_it(
    name: str, value: object, expected: str
) -> None:
    assert claim_text(value, name) == expected
