"""The page that lists a user's sessions, in both modes, and what ends them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import httpx
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from example_app import create_app
from example_app.presentation import browser_name, moment
from flask_auth0.tenant import Tenant, TenantServer
from tests.harness.browser import FETCH, NAVIGATION, Browser
from tests.harness.forms import Form, forms_of

in_redis = pytest.mark.parametrize("app", ["redis"], indirect=True)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Flask:
    """The example app, with sessions in cookies unless the parameter says Redis."""
    if getattr(request, "param", "cookie") == "cookie":
        return create_app({"TESTING": True})
    url = f"{request.getfixturevalue('redis_url')}/7"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    settings = {"SESSION_TYPE": "redis", "SESSION_REDIS": url}
    return create_app({"TESTING": True, **settings})


@pytest.fixture
def other(browser: Browser, server: TenantServer) -> Iterator[Browser]:
    """Another browser of the same person, logged in."""
    with Browser(browser.app_url, server.ca_file) as other:
        other.http.headers["User-Agent"] = FIREFOX
        assert other.get("/profile").status_code == 200
        yield other


def is_logged_in(browser: Browser) -> bool:
    return browser.fetch("/whoami.json").status_code == 200


def count_of(page: httpx.Response) -> int:
    """How many sessions the page lists."""
    return page.text.count('<li class="panel session">')


def forms_to(page: httpx.Response, path: str) -> list[Form]:
    return [form for form in forms_of(page.text) if form.action == path]


def ids_of(page: httpx.Response) -> list[str]:
    """What names the listed sessions in the forms."""
    forms = forms_to(page, "/sessions/end")
    return [value for form in forms for _, value in form.buttons]


def id_elsewhere(page: httpx.Response) -> str:
    """The id of the session that is not this browser's."""
    items = page.text.split('<li class="panel session">')[1:]
    ids = zip(items, ids_of(page), strict=True)
    [found] = [each for item, each in ids if "Firefox on Linux" in item]
    return found


def end(browser: Browser, page: httpx.Response, session_id: str) -> httpx.Response:
    return browser.submit(page, forms_to(page, "/sessions/end")[0], id=session_id)


@in_redis
def test_the_page_lists_the_sessions(browser: Browser, other: Browser) -> None:
    page = browser.get("/sessions")
    assert count_of(page) == 2
    assert page.text.count("This browser") == 1
    assert "Firefox on Linux" in page.text
    assert "python-httpx" in page.text
    assert page.text.count("<dd>127.0.0.1</dd>") == 2


@in_redis
def test_another_browsers_session_is_ended(browser: Browser, other: Browser) -> None:
    page = browser.get("/sessions")
    page = end(browser, page, id_elsewhere(page))
    assert page.url.path == "/sessions"
    assert count_of(page) == 1
    assert is_logged_in(browser)
    assert not is_logged_in(other)


@in_redis
def test_ending_this_browsers_session_leads_home(browser: Browser) -> None:
    page = browser.get("/sessions")
    [session_id] = ids_of(page)
    page = end(browser, page, session_id)
    assert page.url.path == "/"
    assert "A login that stays correct" in page.text
    assert not is_logged_in(browser)


@in_redis
def test_everything_else_is_ended(browser: Browser, other: Browser) -> None:
    page = browser.get("/sessions")
    [form] = forms_to(page, "/sessions/end-others")
    page = browser.submit(page, form)
    assert count_of(page) == 1
    assert not forms_to(page, "/sessions/end-others")
    assert is_logged_in(browser)
    assert not is_logged_in(other)


@in_redis
def test_nobody_ends_the_session_of_somebody_else(
    browser: Browser, other: Browser, server: TenantServer, tenant: Tenant
) -> None:
    page = browser.get("/sessions")
    tenant.next_login = "auth0|grace"
    with Browser(browser.app_url, server.ca_file) as grace:
        graces_page = grace.get("/sessions")
        assert count_of(graces_page) == 1
        for session_id in [*ids_of(page), "no such id", ""]:
            assert count_of(end(grace, graces_page, session_id)) == 1
    assert is_logged_in(browser)
    assert is_logged_in(other)


@in_redis
@pytest.mark.parametrize("path", ["/sessions/end", "/sessions/end-others"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {},
    ],
    ids=range(7),
)
def test_a_foreign_form_is_refused(
    browser: Browser, other: Browser, path: str, headers: dict[str, str]
) -> None:
    data = {"id": id_elsewhere(browser.get("/sessions"))}
    url = f"{browser.app_url}{path}"
    assert browser.http.post(url, data=data, headers=headers).status_code == 403
    assert is_logged_in(other)


@in_redis
def test_a_browser_that_sends_an_origin_only_is_believed(
    browser: Browser, other: Browser
) -> None:
    browser.get("/sessions")
    page = browser.http.post(
        f"{browser.app_url}/sessions/end-others", headers={"Origin": browser.app_url}
    )
    assert page.status_code == 200
    assert not is_logged_in(other)


@pytest.mark.parametrize("app", ["cookie", "redis"], indirect=True)
def test_nobody_sees_it_without_a_login(client: FlaskClient) -> None:
    response = client.get("/sessions", headers=NAVIGATION)
    assert response.location.startswith("/login?next=")
    for path in ("/sessions/end", "/sessions/end-others"):
        assert client.post(path, headers=FETCH).status_code == 401


@pytest.mark.parametrize("app", ["cookie", "redis"], indirect=True)
def test_every_page_leads_to_it(browser: Browser) -> None:
    browser.get("/profile")
    for path in ("/", "/profile", "/fetch", "/sessions"):
        assert 'href="/sessions"' in browser.get(path).text


def test_with_sessions_in_cookies_the_page_says_what_to_set(browser: Browser) -> None:
    page = browser.get("/sessions")
    assert page.status_code == 200
    assert "Your session is in cookies" in page.text
    assert "SESSION_TYPE=redis\nSESSION_REDIS=redis://" in page.text
    assert not ids_of(page)


@in_redis
def test_a_session_that_ends_at_the_tenant_ends_here(
    browser: Browser, tenant: Tenant, server: TenantServer
) -> None:
    earlier = {session.sid for session in tenant.sessions()}
    browser.get("/profile")
    [sid] = {session.sid for session in tenant.sessions()} - earlier
    with Browser(browser.app_url, server.ca_file) as other:
        other.get("/profile")
        assert [each.status for each in tenant.end_session(sid)] == [200]
        assert is_logged_in(other)
    assert not is_logged_in(browser)


CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"
SAFARI = "Mozilla/5.0 ({}) AppleWebKit/605.1.15 (KHTML, like Gecko) {} Safari/604.1"
IPHONE = "iPhone; CPU iPhone OS 17_5 like Mac OS X"
MAC = "Macintosh; Intel Mac OS X 10_15_7"
WINDOWS = "Windows NT 10.0; Win64; x64"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME.format("X11; Linux x86_64") + " Safari/537.36", "Chrome on Linux"),
        (CHROME.format("Linux; Android 14; K"), "Chrome on Android"),
        (CHROME.format("X11; CrOS x86_64 14541.0.0"), "Chrome on ChromeOS"),
        (CHROME.format(WINDOWS) + " Safari/537.36 Edg/126.0.0.0", "Edge on Windows"),
        (CHROME.format(WINDOWS) + " Safari/537.36 OPR/112.0.0.0", "Opera on Windows"),
        (SAFARI.format(MAC, "Version/17.5"), "Safari on macOS"),
        (SAFARI.format(IPHONE, "Version/17.5 Mobile/15E148"), "Safari on iPhone"),
        (SAFARI.format(IPHONE, "CriOS/126.0 Mobile/15E148"), "Chrome on iPhone"),
        (SAFARI.format(IPHONE, "FxiOS/127.0 Mobile/15E148"), "Firefox on iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("Robot on Linux", "Robot on Linux"),
        ("\x1b[31mred\n", "[31mred"),
        ("x" * 200, "x" * 59 + "…"),
        ("", "An unknown browser"),
        (None, "An unknown browser"),
    ],
    ids=range(16),
)
def test_a_browser_is_called_what_people_call_it(
    user_agent: str | None, expected: str
) -> None:
    assert browser_name(user_agent) == expected


def test_a_moment_is_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    when = datetime(2025, 3, 1, 1, 30, tzinfo=east)
    assert moment(when) == (
        '<time datetime="2025-02-28T23:30:00+00:00">2025-02-28 23:30 UTC</time>'
    )
