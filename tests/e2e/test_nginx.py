"""Logins through a real nginx, whose buffer for the head of a response has 4 KB."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flask_auth0.tenant import TenantServer
from tests.fixtures.deployments import StartApp
from tests.harness.app_server import Served
from tests.harness.browser import Browser
from tests.harness.missing import missing
from tests.harness.nginx_server import running_nginx
from tests.harness.redis_server import free_port

#: Claims that make a login larger than usual.
LARGE = {
    "AUTH0_AUDIENCE": "https://api.example.com",
    "AUTH0_SCOPE": "openid profile email offline_access",
}
#: Of claims: what logins have in life, what is on both sides of the limit, and more.
SIZES = (0, 600, *range(900, 2100, 100), 3500)

MakeBrowser = Callable[..., Browser]


@pytest.fixture
def make_browser(
    start_app: StartApp, auth0_tenant: TenantServer, tmp_path: Path
) -> Iterator[MakeBrowser]:
    """Make browsers at an app behind a proxy."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if binary is None:
        missing("nginx", "there is no nginx: apt-get install nginx-light")
    with contextlib.ExitStack() as stack:

        def make(server: str, directives: str = "", **env: str) -> Browser:
            app: Served = start_app(server, **LARGE, **env)
            port, client = free_port(), auth0_tenant.tenant.client
            client.callbacks.append(f"http://127.0.0.1:{port}/callback")
            client.logout_urls.append(f"http://127.0.0.1:{port}/")
            proxy = running_nginx(binary, app.url, tmp_path, directives, port)
            url = stack.enter_context(proxy)
            return stack.enter_context(Browser(url, app.ca_file))

        yield make


def log_in(browser: Browser, tenant: TenantServer, size: int) -> int:
    """Log in with so many bytes of claims that cannot be compressed; the status."""
    tenant.tenant.next_login = "auth0|ada"
    tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(size)[:size]
    return browser.get("/login?next=/profile").status_code


@pytest.mark.parametrize("server", ["gthread", "werkzeug"])
def test_each_login_gets_through_or_meets_our_page(
    make_browser: MakeBrowser, auth0_tenant: TenantServer, server: str
) -> None:
    browser = make_browser(server)
    statuses = []
    for size in SIZES:
        browser.http.cookies.clear()
        statuses.append(log_in(browser, auth0_tenant, size))
        if statuses[-1] == 431:
            continue
        assert browser.get("/profile").json()["sub"] == "auth0|ada"
        # The new session takes the place of the one before.
        assert log_in(browser, auth0_tenant, size) in {200, 431}
        # Past single sign-on: nobody is there afterwards.
        assert browser.fetch("/token?force").status_code in {200, 431}
        assert browser.fetch("/logout").status_code == 302
        assert browser.fetch("/profile").status_code == 401
    assert statuses[:2] == [200, 200]
    assert statuses == sorted(statuses)
    assert set(statuses) == {200, 431}


def test_what_the_page_advises_helps(
    make_browser: MakeBrowser, auth0_tenant: TenantServer
) -> None:
    browser = make_browser(
        "gthread",
        "proxy_buffer_size 16k; proxy_buffers 8 16k;",
        AUTH0_RESPONSE_HEADER_LIMIT="16384",
    )
    assert log_in(browser, auth0_tenant, 2400) == 200
    assert browser.get("/profile").json()["sub"] == "auth0|ada"


def test_without_the_limit_the_proxy_answers_in_the_apps_place(
    make_browser: MakeBrowser, auth0_tenant: TenantServer
) -> None:
    browser = make_browser("gthread", AUTH0_RESPONSE_HEADER_LIMIT="16384")
    assert log_in(browser, auth0_tenant, 2400) == 502
