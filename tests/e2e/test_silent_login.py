"""A public page in a real browser, which asks the tenant who the visitor is."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Request

from flask_auth0.tenant import TenantServer
from tests.fixtures.deployments import StartApp
from tests.harness.chromium import Chromium

#: Without a head, Chromium calls itself a program, of which nobody asks anything.
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"


def questions(page: Page) -> list[str]:
    """The URLs with which the tenant is asked from here on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/authorize?" in request.url:
            asked.append(request.url)

    page.on("request", note)
    return asked


def see(page: Page, url: str) -> str:
    """Go to the public page, and return whom it greets."""
    page.goto(url)
    assert page.url == url
    return page.inner_text("body")


def test_a_stranger_sees_the_page_and_the_tenant_is_asked_once(
    start_app: StartApp, chromium: Chromium
) -> None:
    page, url = chromium.tab_elsewhere(CHROME), f"{start_app().url}/greeting"
    asked = questions(page)
    for _ in range(3):
        assert see(page, url) == "Hello stranger"
    assert len(asked) == 1
    assert "prompt=none" in asked[0]


def test_who_is_logged_in_at_the_tenant_is_greeted(
    start_app: StartApp, chromium: Chromium
) -> None:
    there, here = start_app(), start_app(mode="redis")
    page = chromium.tab_elsewhere(CHROME)
    page.goto(f"{there.url}/profile")
    page.get_by_role("button", name="Ada Lovelace").click()
    page.wait_for_url(f"{there.url}/profile")
    # Cookies ignore ports: what is left is the tenant's, as at another app.
    page.context.clear_cookies(name=re.compile("^session"))
    asked = questions(page)
    for _ in range(2):
        assert see(page, f"{here.url}/greeting") == "Hello Ada Lovelace"
    assert len(asked) == 1


def test_who_has_logged_out_is_not_logged_in_again(
    start_app: StartApp, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    app, page = start_app(), chromium.tab_elsewhere(CHROME)
    page.goto(f"{app.url}/profile")
    page.get_by_role("button", name="Ada Lovelace").click()
    page.wait_for_url(f"{app.url}/profile")
    page.goto(f"{app.url}/logout")
    page.wait_for_url(f"{app.url}/")
    asked = questions(page)
    assert see(page, f"{app.url}/greeting") == "Hello stranger"
    assert asked == []
