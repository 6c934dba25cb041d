"""The visit in a real browser, which keeps, drops and shows what it wants."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from flask_auth0.tenant import Tenant, TenantServer
from tests.fixtures.deployments import StartApp
from tests.harness.app_server import Deployment
from tests.harness.chromium import Chromium

KILOBYTE = 1024
in_both_modes = pytest.mark.parametrize(
    "deployment",
    [("werkzeug", "cookie"), ("preload", "redis")],
    indirect=True,
    ids="-".join,
)
in_cookies = pytest.mark.parametrize(
    "deployment", [("werkzeug", "cookie")], indirect=True, ids="-".join
)


def choose(page: Page, name: str) -> None:
    """Click on a person on the tenant's login page."""
    page.get_by_role("button", name=name).click()


def json_of(page: Page) -> Any:
    """The content of a page of JSON."""
    return json.loads(page.inner_text("body"))


def see(page: Page, url: str) -> Any:
    """Go to a page and read its JSON."""
    page.goto(url)
    return json_of(page)


@in_both_modes
def test_login_profile_api_logout(deployment: Deployment, chromium: Chromium) -> None:
    page = chromium.tab()
    page.goto(f"{deployment.url}/profile?tab=1")
    choose(page, "Ada Lovelace")
    page.wait_for_url(f"{deployment.url}/profile?tab=1")
    assert json_of(page)["email"] == "ada@example.com"
    token = see(page, f"{deployment.url}/token")["token"]
    assert see(page, f"{deployment.url}/async")["token"] == token
    assert see(page, f"{deployment.url}/api")["sub"] == "auth0|ada"

    page.goto(f"{deployment.url}/logout")
    page.wait_for_url(f"{deployment.url}/")
    page.goto(f"{deployment.url}/profile")
    expect(page.get_by_role("button", name="Ada Lovelace")).to_be_visible()


@in_cookies
def test_two_tabs_log_in_at_once(deployment: Deployment, chromium: Chromium) -> None:
    first, second = chromium.tab(), chromium.tab()
    first.goto(f"{deployment.url}/profile?tab=1")
    second.goto(f"{deployment.url}/profile?tab=2")
    choose(first, "Ada Lovelace")
    first.wait_for_url(f"{deployment.url}/profile?tab=1")
    choose(second, "Ada Lovelace")
    second.wait_for_url(f"{deployment.url}/profile?tab=2")
    for page in (first, second):
        page.reload()
        assert json_of(page)["sub"] == "auth0|ada"


@in_cookies
def test_post_returns_to_the_page_of_its_form(
    deployment: Deployment, chromium: Chromium
) -> None:
    page = chromium.tab()
    page.goto(f"{deployment.url}/form?draft=1")
    page.get_by_role("button", name="Send").click()
    choose(page, "Ada Lovelace")
    expect(page.get_by_role("heading")).to_have_text("What you sent was not kept")
    page.get_by_role("link", name="Go back").click()
    page.wait_for_url(f"{deployment.url}/form?draft=1")
    page.get_by_role("button", name="Send").click()
    assert page.inner_text("body") == "received POST"


def fatten(tenant: Tenant, tokens_and_claims: int) -> None:
    """Let the next logins leave this many bytes for a session to keep."""
    ordinary = 2300
    # A token says in four bytes what its claims say in three.
    tenant.access_token_padding = (tokens_and_claims - ordinary) * 3 // 4


def log_in_and_count(page: Page, url: str) -> int:
    """Log in on the way to the URL; return how often the tenant was asked."""
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(url)
    choose(page, "Ada Lovelace")
    page.wait_for_load_state()
    return sum("/authorize?" in url for url in requested)


def test_session_of_6_kilobytes_in_cookies(
    start_app: StartApp, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    fatten(auth0_tenant.tenant, 6 * KILOBYTE)
    app = start_app(
        AUTH0_AUDIENCE="https://api.example.com",
        AUTH0_RESPONSE_HEADER_LIMIT="16384",
    )
    page = chromium.tab()
    log_in_and_count(page, f"{app.url}/profile")
    assert see(page, f"{app.url}/profile")["sub"] == "auth0|ada"
    size = see(page, f"{app.url}/size")["bytes"]
    assert 6 * KILOBYTE <= size <= 7 * KILOBYTE


def test_session_of_12_kilobytes_in_redis(
    start_app: StartApp, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    fatten(auth0_tenant.tenant, 12 * KILOBYTE)
    app = start_app(mode="redis", AUTH0_AUDIENCE="https://api.example.com")
    page = chromium.tab()
    log_in_and_count(page, f"{app.url}/profile")
    assert see(page, f"{app.url}/size")["bytes"] >= 12 * KILOBYTE


def test_session_of_12_kilobytes_in_cookies(
    start_app: StartApp, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    fatten(auth0_tenant.tenant, 12 * KILOBYTE)
    app = start_app(AUTH0_AUDIENCE="https://api.example.com")
    page = chromium.tab()
    asked = log_in_and_count(page, f"{app.url}/profile")
    # One question to the tenant and its form: no second round.
    assert asked == 2
    assert page.url.startswith(f"{app.url}/callback?")
    assert re.search(r"needs \d{4,5} bytes", page.inner_text("body"))
    # The operator reads what to do, and not the visitor.
    assert "SESSION_TYPE" not in page.content()
    chromium.forgive("Failed to load resource")


@in_cookies
def test_error_page_fits_a_phone(deployment: Deployment, chromium: Chromium) -> None:
    page = chromium.tab()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{deployment.url}/profile")
    choose(page, "Decline")
    assert page.url.startswith(f"{deployment.url}/callback?")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    chromium.forgive("Failed to load resource")
