"""A real browser, which gives up after twenty redirects, and its many tabs."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from flask_auth0.tenant import TenantServer
from tests.fixtures.deployments import StartApp
from tests.fixtures.rounds import Rounds
from tests.harness.chromium import Chromium

STATUS = re.compile("status 403")


def log_in(page: Page, url: str) -> None:
    """Log in, at the tenant as well."""
    page.goto(f"{url}/profile")
    page.get_by_role("button", name="Ada Lovelace").click()
    page.wait_for_url(f"{url}/profile")


def test_no_page_sends_its_user_round(
    start_app: StartApp, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    # Its tokens have no names of organizations.
    auth0_tenant.tenant.extra_claims["org_name"] = None
    app, page = start_app(AUTH0_ORGANIZATION="org_1"), chromium.tab()
    log_in(page, app.url)
    for path in ("/admin", "/team"):
        page.goto(app.url + path)
        expect(page.get_by_text(STATUS)).to_be_visible()
        expect(page.get_by_role("link").first).to_have_text("Use another account")
    chromium.forgive("403")


def test_ten_tabs_at_once(
    start_app: StartApp, chromium: Chromium, rounds: Rounds
) -> None:
    app, tabs = start_app("gthread"), [chromium.tab() for _ in range(10)]
    log_in(tabs[0], app.url)
    for turn in range(rounds(short=1, full=50)):
        # The app has forgotten who it is, and the tenant has not.
        chromium.context.clear_cookies(name=re.compile("^session"))
        pages = [f"{app.url}/profile?turn={turn}&tab={n}" for n in range(len(tabs))]
        for tab, target in zip(tabs, pages, strict=True):
            tab.evaluate(
                "url => { setTimeout(() => location.assign(url), 50) }", target
            )
        for tab, target in zip(tabs, pages, strict=True):
            tab.wait_for_url(target)
            assert "ada@example.com" in tab.content()
