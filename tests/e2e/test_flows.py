"""The flows of the SDK in a real browser: a login, a link by e-mail, an account."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from flask_auth0.tenant import TenantServer
from tests.fixtures.deployments import StartApp
from tests.harness.app_server import Served
from tests.harness.chromium import Chromium

PHONE: Any = {"width": 360, "height": 740}


@pytest.fixture
def app(request: pytest.FixtureRequest, start_app: StartApp) -> Served:
    scope = "openid profile email offline_access"
    return start_app(mode=request.param, AUTH0_SCOPE=scope)


in_cookies = pytest.mark.parametrize("app", ["cookie"], indirect=True)
in_redis = pytest.mark.parametrize("app", ["redis"], indirect=True)


def log_in(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Ada Lovelace").click()


@in_redis
def test_link_by_mail(
    app: Served, chromium: Chromium, auth0_tenant: TenantServer
) -> None:
    page = chromium.tab()
    page.goto(f"{app.url}/link")
    link = auth0_tenant.tenant.inbox.messages("ada@example.com")[-1].link
    # It is opened in another tab, and then on a telephone.
    for other in (chromium.tab(), chromium.tab_elsewhere("A telephone")):
        other.goto(link)
        other.wait_for_url(f"{app.url}/profile")
        assert json.loads(other.inner_text("body"))["email"] == "ada@example.com"
        page.goto(f"{app.url}/link")
        link = auth0_tenant.tenant.inbox.messages("ada@example.com")[-1].link


@pytest.mark.parametrize("app", ["cookie", "redis"], indirect=True)
def test_login_and_connected_account(app: Served, chromium: Chromium) -> None:
    page = chromium.tab()
    log_in(page, f"{app.url}/begin")
    page.wait_for_url(f"{app.url}/profile")
    assert json.loads(page.inner_text("body"))["email"] == "ada@example.com"
    page.goto(f"{app.url}/connect")
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{app.url}/accounts")
    assert json.loads(page.inner_text("body")) == ["github"]


@in_cookies
def test_declined(app: Served, chromium: Chromium) -> None:
    page = chromium.tab()
    page.set_viewport_size(PHONE)
    log_in(page, f"{app.url}/connect")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url(f"{app.url}/callback?**")
    expect(page.get_by_role("alert")).to_contain_text("was not connected")
    chromium.forgive("403")
    wide = "document.documentElement.scrollWidth > window.innerWidth"
    assert page.evaluate(wide) is False
    page.get_by_role("link", name="Go back").click()
    page.wait_for_url(f"{app.url}/accounts")
    assert json.loads(page.inner_text("body")) == []
