"""What somebody sees in a browser who is logged in and may not see a page."""

from __future__ import annotations

import re
import typing as t

from playwright.sync_api import Page, expect

from flask_auth0.tenant import TenantServer
from tests.fixtures.deployments import StartApp
from tests.harness.chromium import Chromium

BACKGROUNDS: t.Final[dict[t.Literal["light", "dark"], str]] = {
    "light": "rgb(246, 247, 250)",
    "dark": "rgb(15, 18, 25)",
}
#: The width of the smallest phones in use.
PHONE = 320


def choose(page: Page, person: str = "Ada Lovelace") -> None:
    page.get_by_role("button", name=person).click()


def prove(page: Page) -> None:
    """Type the code of the second factor."""
    page.get_by_label("Code").fill("123456")
    page.get_by_role("button", name="Continue").click()


def test_step_up(
    start_app: StartApp, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    app, page = start_app(), chromium.tab()
    page.goto(f"{app.url}/profile")
    choose(page)
    page.wait_for_url(f"{app.url}/profile")
    page.goto(f"{app.url}/strong")
    prove(page)
    page.wait_for_url(f"{app.url}/strong")
    expect(page.get_by_text("strong")).to_be_visible()
    page.reload()
    expect(page.get_by_text("strong")).to_be_visible()


def test_step_up_that_the_tenant_does_not_give(
    start_app: StartApp, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    auth0_tenant.tenant.honor_acr_values = False
    app, page = start_app(mode="redis"), chromium.tab()
    page.goto(f"{app.url}/strong")
    choose(page)
    for _ in range(2):
        expect(page.get_by_text("status 403")).to_be_visible()
        expect(page.get_by_text("one more factor")).to_be_visible()
        page.goto(f"{app.url}/strong")
    again = page.get_by_role("link").first
    expect(again).to_have_text("Log in once more")
    auth0_tenant.tenant.honor_acr_values = True
    again.click()
    choose(page)
    prove(page)
    page.wait_for_url(f"{app.url}/strong")
    expect(page.get_by_text("strong")).to_be_visible()
    chromium.forgive("403")


def test_a_page_that_says_what_is_missing(
    start_app: StartApp, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    app, page = start_app(), chromium.tab()
    page.set_viewport_size({"width": PHONE, "height": 568})
    page.goto(f"{app.url}/sales")
    choose(page)
    expect(page.get_by_role("heading", name="You may not see this")).to_be_visible()
    told = page.get_by_text("Your account lacks the right value of the claim team.")
    expect(told).to_be_visible()
    # Nothing is wider than the phone.
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    for scheme, color in BACKGROUNDS.items():
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert found == color
    auth0_tenant.tenant.extra_claims["team"] = ["sales"]
    page.get_by_role("link", name="Use another account").click()
    choose(page, "Grace Hopper")
    # One who may is asked for what else the page needs.
    if re.search("/authorize", page.url):
        choose(page, "Grace Hopper")
    page.wait_for_url(f"{app.url}/sales")
    expect(page.get_by_text("sales")).to_be_visible()
    chromium.forgive("403")


def test_a_whole_app(
    start_app: StartApp, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    # The harness looks at the start page to see whether the app is there.
    app = start_app(AUTH0_PROTECT_APP="true", AUTH0_PUBLIC_ENDPOINTS="home")
    page = chromium.tab()
    page.goto(f"{app.url}/nowhere")
    choose(page)
    page.wait_for_url(f"{app.url}/nowhere")
    expect(page.get_by_text("Not Found").first).to_be_visible()
    chromium.forgive("404")
