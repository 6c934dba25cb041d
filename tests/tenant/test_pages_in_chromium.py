"""The pages of the other logins in a real browser, at the width of a phone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from flask_auth0.tenant import Organization, TenantServer
from tests.harness.chromium import Chromium
from tests.tenant.flow import Flow

PHONE = {"width": 360, "height": 740}
GRANT = "urn:okta:params:oauth:grant-type:webauthn"


@pytest.fixture
def url(server: TenantServer, flow: Flow) -> str:
    """The login of an app whose callback is a page that is there."""
    callback = f"{server.url}/inbox"
    server.tenant.client.callbacks.append(callback)
    parameters = flow.parameters(redirect_uri=callback)
    return str(flow.http.build_request("GET", "/authorize", params=parameters).url)


def check(page: Page) -> None:
    """Nothing is wider than the screen, and the keyboard is somewhere."""
    wide = "document.documentElement.scrollWidth > window.innerWidth"
    assert page.evaluate(wide) is False, page.title()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") in ("A", "BUTTON", "INPUT")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whole_login(
    server: TenantServer, url: str, chromium: Chromium, scheme: Any
) -> None:
    tenant = server.tenant
    tenant.client.organization_usage = "require"
    tenant.organizations.add(Organization("org_acme", "acme", "Acme"), "auth0|ada")
    tenant.mfa.enroll("auth0|ada", "email", "ada@example.com")
    page = chromium.tab()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)
    page.goto(url)
    page.get_by_role("button", name="Ada").click()
    check(page)
    page.get_by_role("button", name="Acme").click()
    # Chromium sets it with the first frame, which may come after the load.
    expect(page.locator("#otp")).to_be_focused()
    (message,) = tenant.inbox.messages("ada@example.com")
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    assert "not right" in page.get_by_role("alert").inner_text()
    chromium.forgive("400")
    check(page)
    inbox = chromium.tab()
    inbox.set_viewport_size(PHONE)  # type: ignore[arg-type]
    inbox.goto(f"{server.front_channel_url}/inbox")
    assert message.code in inbox.inner_text("main")
    page.get_by_label("Code").fill(message.code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox?**")
    assert "code=" in page.url


CREATE = """async (options) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return (await navigator.credentials.create({publicKey})).toJSON();
}"""
GET = """async (options) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return (await navigator.credentials.get({publicKey})).toJSON();
}"""


def app_page(route: Route) -> None:
    route.fulfill(body="<title>The app</title>", content_type="text/html")


def test_passkey(server: TenantServer, flow: Flow, chromium: Chromium) -> None:
    """With the virtual authenticator, on a page of the app."""

    def exchange(started: Any, answer: Any) -> Any:
        return flow.call(
            "/oauth/token",
            grant_type=GRANT,
            auth_session=started["auth_session"],
            authn_response=json.loads(json.dumps(answer)),
            scope="openid profile",
        ).json()

    page = chromium.tab()
    page.route("http://localhost:5000/**", app_page)
    page.goto("http://localhost:5000/")
    chromium.add_authenticator(page)
    profile = {"email": "eve@example.com", "name": "Eve"}
    new = flow.call("/passkey/register", user_profile=profile).json()
    created = page.evaluate(CREATE, new["authn_params_public_key"])
    tokens = exchange(new, created)
    claims = server.tenant.keys.claims(tokens["id_token"]) or {}
    assert claims["name"] == "Eve"
    for _ in range(2):
        started = flow.call("/passkey/challenge").json()
        answer = page.evaluate(GET, started["authn_params_public_key"])
        again = exchange(started, answer)
        assert (server.tenant.keys.claims(again["id_token"]) or {})["sub"] == (
            claims["sub"]
        )
