"""A session in cookies that grows and shrinks, in a real browser."""

from __future__ import annotations

import json
import secrets

import pytest
from playwright.sync_api import Page

from flask_auth0.tenant import Tenant, TenantServer
from tests.fixtures.deployments import StartApp
from tests.harness.chromium import Chromium

#: Random bytes that make an access token longer, one refresh after the other.
PADDINGS = (0, 1700, 2900, 0, 2900)
LARGEST_COOKIE, LARGEST_HEADER = 4096, 8000


@pytest.fixture
def tenant(auth0_tenant: TenantServer) -> Tenant:
    """A tenant whose access tokens are out of date at once: each look is a refresh."""
    auth0_tenant.tenant.lifetimes.access_token = 0
    return auth0_tenant.tenant


def sizes(chromium: Chromium, url: str) -> dict[str, int]:
    """How many bytes of the header each cookie of the app needs."""
    cookies = chromium.context.cookies(url)
    return {each["name"]: len(each["name"] + each["value"]) for each in cookies}


def see(page: Page, url: str) -> dict[str, str]:
    page.goto(url)
    found: dict[str, str] = json.loads(page.inner_text("body"))
    return found


def test_refreshes_make_it_grow_and_shrink(
    start_app: StartApp, tenant: Tenant, chromium: Chromium
) -> None:
    app = start_app(
        server="gthread",
        AUTH0_SCOPE="openid profile offline_access",
        AUTH0_AUDIENCE="https://api.example.com",
        AUTH0_RESPONSE_HEADER_LIMIT="16384",
    )
    page = chromium.tab()
    tenant.next_login = "auth0|ada"
    page.goto(f"{app.url}/profile")
    seen = set()
    for padding in PADDINGS:
        tenant.access_token_padding = padding
        token = see(page, f"{app.url}/token")["token"]
        assert see(page, f"{app.url}/profile")["sub"] == "auth0|ada"
        assert int(see(page, f"{app.url}/size")["bytes"]) > padding
        found = sizes(chromium, app.url)
        assert max(found.values()) <= LARGEST_COOKIE
        assert sum(found.values()) + len("; =") * len(found) <= LARGEST_HEADER
        bodies = sorted(name for name in found if "_body" in name)
        assert bodies == [f"session_a0_body{n}" for n in range(len(bodies))]
        seen.add((token, len(bodies)))
    assert len({token for token, _ in seen}) == len(PADDINGS)
    assert {count for _, count in seen} == {1, 2}


def test_logins_make_it_grow_and_shrink(
    start_app: StartApp, tenant: Tenant, chromium: Chromium
) -> None:
    app = start_app(AUTH0_RESPONSE_HEADER_LIMIT="16384")
    page = chromium.tab()
    counts = []
    for size in (0, 3400, 0):
        tenant.next_login = "auth0|ada"
        # Nothing that can be compressed.
        tenant.extra_claims["roles"] = secrets.token_urlsafe(size)[:size]
        page.goto(f"{app.url}/login?next=/profile")
        assert json.loads(page.inner_text("body"))["sub"] == "auth0|ada"
        found = sizes(chromium, app.url)
        counts.append(len([n for n in found if "_head" in n or "_body" in n]))
    assert counts[0] == counts[2] < counts[1]
