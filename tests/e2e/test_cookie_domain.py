"""Cookies from before a change of their domain, in a real browser."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from flask_auth0.tenant import TenantServer
from tests.fixtures.deployments import StartApp
from tests.harness.chromium import Chromium

#: Chromium resolves names below localhost itself. Cookies know no ports, so a second
#: server on this host is to the browser what the first one is after a restart.
HOST = "app.localhost"
DOMAIN = {"AUTH0_COOKIE_DOMAIN": HOST}


def who(page: Page, url: str) -> str:
    page.goto(f"{url}/profile")
    return str(json.loads(page.inner_text("body"))["sub"])


@pytest.mark.parametrize(
    ("before", "after"), [({}, DOMAIN), (DOMAIN, {})], ids=["added", "removed"]
)
def test_logout_and_the_next_user(
    start_app: StartApp,
    auth0_tenant: TenantServer,
    chromium: Chromium,
    before: dict[str, str],
    after: dict[str, str],
) -> None:
    tenant, urls = auth0_tenant.tenant, []
    for settings in (before, after):
        app = start_app(AUTH0_COOKIE_SECURE="false", **settings)
        urls.append(f"http://{HOST}:{urlsplit(app.url).port}")
        tenant.client.callbacks.append(f"{urls[-1]}/callback")
        tenant.client.logout_urls.append(f"{urls[-1]}/")
    old, new = urls
    page = chromium.tab()
    tenant.next_login = "auth0|ada"
    assert who(page, old) == "auth0|ada"
    assert who(page, new) == "auth0|ada"
    page.goto(f"{new}/logout")
    assert page.inner_text("body") == "False"
    tenant.next_login = "auth0|grace"
    assert who(page, new) == "auth0|grace"
    assert who(page, new) == "auth0|grace"
