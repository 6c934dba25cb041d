"""The scripts of the page about routes for scripts, in a real browser."""

from __future__ import annotations

import typing as t

import pytest
from playwright.sync_api import Page

from flask_auth0.tenant import TenantServer
from tests.docs.pages import path_of, snippets
from tests.fixtures.deployments import StartApp
from tests.harness.app_server import Served
from tests.harness.chromium import Chromium

SCRIPTS = snippets(path_of("json_routes.rst"), "js")
ADA, SUB = "ada@example.com", "auth0|ada"
USER = "fetch('/auth/profile').then((answer) => answer.json())"


@pytest.fixture
def deployment(start_app: StartApp) -> Served:
    return start_app(
        AUTH0_PROFILE_PATH="/auth/profile",
        AUTH0_PASSWORDLESS_PATH="/auth/passwordless",
        AUTH0_MFA_PATH="/auth/mfa",
    )


@pytest.fixture
def page(deployment: Served, chromium: Chromium) -> Page:
    page = chromium.tab()
    page.goto(deployment.url)
    for script in SCRIPTS:
        page.add_script_tag(content=script.text)
    return page


def test_a_page_logs_in_with_a_code_and_a_new_factor(
    page: Page, chromium: Chromium, auth0_tenant: TenantServer
) -> None:
    tenant = auth0_tenant.tenant
    tenant.mfa.required.add(SUB)

    def call(name: str, *arguments: str) -> t.Any:
        return page.evaluate(f"(given) => {name}(...given)", arguments)

    assert call("sendCode", ADA) == {"ok": True}
    wrong = call("enterCode", ADA, "wrong")
    assert (wrong["ok"], wrong["error"]) == (False, "invalid_grant")
    told = call("enterCode", ADA, str(tenant.inbox.messages(ADA)[-1].code))
    assert (told["ok"], told["error"]) == (False, "mfa_required")
    assert page.evaluate(USER)["error"] == "login_required"
    app = call("addApp", told["mfa_token"])
    assert app["barcode_uri"].startswith("otpauth://")
    done = call("enterFactor", told["mfa_token"], tenant.mfa.code)
    assert done == {"ok": True, "success": True, "next": "/"}
    user = page.evaluate(USER)
    assert (user["sub"], user["amr"]) == (SUB, ["mfa"])
    # Nothing of the session is a script's to read.
    assert page.evaluate("document.cookie") == ""
    chromium.forgive("40[01]")


POST = """([url, kind, mode, content]) => fetch(url, {
    method: "POST", mode, credentials: "include",
    headers: {"Content-Type": kind}, body: JSON.stringify(content),
}).then((answer) => answer.type, (error) => error.name)"""


def test_a_page_of_another_port_logs_nobody_in(
    page: Page, chromium: Chromium, start_app: StartApp, auth0_tenant: TenantServer
) -> None:
    """It is the same site, so that the browser would take the cookies."""
    url = f"{page.url}auth/passwordless/verify"
    page.evaluate("sendCode('ada@example.com')")
    code = str(auth0_tenant.tenant.inbox.messages(ADA)[-1].code)
    content = {"connection": "email", "email": ADA, "verificationCode": code}
    other = chromium.tab()
    other.goto(start_app().url)
    # The second one needs no permission of the app's, so that it is sent.
    for kind, mode in [("application/json", "cors"), ("text/plain", "no-cors")]:
        assert other.evaluate(POST, [url, kind, mode, content]) == "TypeError"
    assert page.evaluate(USER)["error"] == "login_required"
    # Nothing of it has reached the tenant.
    assert page.evaluate(f"enterCode('{ADA}', '{code}')")["success"]
    chromium.forgive("40[13]|CORS|ERR_FAILED|ERR_BLOCKED_BY_RESPONSE")
