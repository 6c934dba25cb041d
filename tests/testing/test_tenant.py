"""A tenant for tests: logins in a line, its scopes, and an app served to browsers."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from flask import Flask

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.tenant import TenantServer

ADA, GRACE = "ada@example.com", "auth0|grace"


def make_app(server: TenantServer) -> Flask:
    """An app of the tenant, as its environment says."""
    app = Flask(__name__)
    app.config.update(server.environment(), TESTING=True)
    Auth0(app)

    @app.get("/profile")
    @login_required(mfa=True)
    def profile() -> str:
        return str(current_user["name"])

    @app.get("/greeting")
    def greeting() -> str:
        return f"Hello {current_user.get('name')}"

    return app


@pytest.fixture(scope="module")
def auth0_tenant(auth0_module_tenant: TenantServer) -> TenantServer:
    """One tenant for the tests of this module, as the page on tests tells."""
    auth0_module_tenant.allow("http://localhost")
    return auth0_module_tenant


@pytest.fixture(scope="session")
def auth0_tenant_options() -> dict[str, t.Any]:
    return {"plain_front_channel": True}


def test_a_login_in_a_line(auth0_tenant: TenantServer) -> None:
    client = make_app(auth0_tenant).test_client()
    answer = auth0_tenant.log_in(client, ADA, "/login?next=/greeting")
    assert answer.location == "/greeting"
    assert client.get("/greeting").text == "Hello Ada Lovelace"
    assert auth0_tenant.tenant.next_login is None


def test_a_page_that_asks_for_a_login_leads_back(auth0_tenant: TenantServer) -> None:
    client = make_app(auth0_tenant).test_client()
    assert auth0_tenant.log_in(client, GRACE, "/profile").location == "/profile"
    assert client.get("/profile").text == "Grace Hopper"


def test_several_at_once_are_not_mixed_up(auth0_tenant: TenantServer) -> None:
    app = make_app(auth0_tenant)

    def visit(number: int) -> str:
        client = app.test_client()
        auth0_tenant.log_in(client, f"{number}@example.com")
        return client.get("/greeting").text

    with ThreadPoolExecutor(4) as threads:
        found = [*threads.map(visit, range(8))]
    assert found == [f"Hello {number}@example.com" for number in range(8)]


def test_an_app_that_is_not_allowed_is_told(auth0_tenant: TenantServer) -> None:
    client = make_app(auth0_tenant).test_client()
    with pytest.raises(RuntimeError, match="http://elsewhere/callback"):
        auth0_tenant.log_in(client, ADA, "http://elsewhere/login")
    auth0_tenant.allow("http://elsewhere/")
    answer = auth0_tenant.log_in(client, ADA, "http://elsewhere/login")
    assert answer.status_code == 302
    with pytest.raises(RuntimeError, match="does not lead to this tenant"):
        auth0_tenant.log_in(client, ADA, "/greeting")


def test_a_browser_without_certificates(
    auth0_tenant: TenantServer, auth0_live_server: Callable[[Flask], str]
) -> None:
    """It comes over http alone, fills the form, and logs out."""
    url, asked = auth0_live_server(make_app(auth0_tenant)), set()
    hooks: t.Any = {"request": [lambda request: asked.add(request.url.scheme)]}
    with httpx.Client(follow_redirects=True, event_hooks=hooks) as browser:
        page = browser.get(f"{url}/login?next=/greeting")
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
        form = {"csrf_token": token, "person": "auth0|ada"}
        assert browser.post(page.url, data=form).text == "Hello Ada Lovelace"
        browser.post(f"{url}/logout", headers={"Origin": url})
        assert browser.get(f"{url}/greeting").text == "Hello None"
    assert asked == {"http"}


def test_tenants_of_all_scopes(
    auth0_session_tenant: TenantServer, auth0_tenant: TenantServer
) -> None:
    """The one that began last is trusted as well."""
    assert auth0_session_tenant.domain != auth0_tenant.domain
    auth0_session_tenant.allow("http://localhost")
    client = make_app(auth0_session_tenant).test_client()
    auth0_session_tenant.log_in(client, ADA)
    assert client.get("/greeting").text == "Hello Ada Lovelace"
