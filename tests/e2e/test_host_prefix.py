"""Cookies that another host of the domain sets, over TLS in a real browser."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Page

from flask_auth0.tenant import TenantServer
from tests.harness.app import create_app
from tests.harness.chromium import Chromium
from tests.harness.tls import SITE, served_over_tls

Serve = Callable[..., str]
Plant = Callable[[Page, dict[str, str]], None]


@pytest.fixture
def serve(auth0_tenant: TenantServer, tmp_path: Path) -> Iterator[Serve]:
    """Serve the test app with other settings, at one host; returns its URL."""
    with contextlib.ExitStack() as stack:

        def serve(mode: str, **options: Any) -> str:
            environ = auth0_tenant.environment()
            settings = {
                key.removeprefix("AUTH0_").lower(): value
                for key, value in environ.items()
                if key.startswith("AUTH0_")
            }
            with pytest.MonkeyPatch.context() as patch:
                if mode == "server":
                    patch.setenv("SESSION_TYPE", "cachelib")
                    patch.setenv("SESSION_CACHELIB", str(tmp_path / "sessions"))
                app = create_app(**settings, **options)
            port = stack.enter_context(served_over_tls(app))
            url = f"https://app.{SITE}:{port}"
            auth0_tenant.tenant.client.callbacks.append(f"{url}/callback")
            auth0_tenant.tenant.client.logout_urls.append(f"{url}/")
            return url

        yield serve


@pytest.fixture
def evil() -> Iterator[str]:
    """A host of the same domain, which sets whatever cookies it is asked to."""
    app = Flask(__name__)

    @app.get("/")
    def plant() -> Response:
        response = Response("planted")
        for name, value in request.args.items():
            for path in ("/", "/profile"):
                for domain in (SITE, None):
                    place = f"Path={path}; Secure"
                    place += f"; Domain={domain}" if domain else ""
                    response.headers.add("Set-Cookie", f"{name}={value}; {place}")
        return response

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)

    with served_over_tls(app) as port:
        yield f"https://evil.{SITE}:{port}"


def who(page: Page, url: str) -> str:
    """The user, as a guarded page says."""
    page.goto(f"{url}/profile")
    return str(json.loads(page.inner_text("body"))["sub"])


def cookies_of(page: Page, url: str) -> dict[str, str]:
    found = page.context.cookies(url)
    return {each["name"]: each["value"] for each in found}


def cookies_of_mallory(
    chromium: Chromium, tenant: TenantServer, url: str
) -> dict[str, str]:
    """What the attacker's own browser has, also by names without the prefix."""
    page = chromium.tab_elsewhere("Mallory")
    tenant.tenant.next_login = "auth0|grace"
    assert who(page, url) == "auth0|grace"
    found = cookies_of(page, url)
    page.context.close()
    return found | {name.removeprefix("__Host-"): found[name] for name in found}


@pytest.fixture
def plant(evil: str) -> Plant:
    """Let a browser visit that host."""

    def visit(page: Page, cookies: dict[str, str]) -> None:
        page.goto(f"{evil}/?{urlencode(cookies)}")

    return visit


@pytest.mark.parametrize("mode", ["cookie", "server"])
def test_a_planted_session(
    serve: Serve,
    auth0_tenant: TenantServer,
    chromium: Chromium,
    plant: Plant,
    mode: str,
) -> None:
    unsafe = serve(mode, cookie_host_prefix="false")
    url = serve(mode, cookie_host_prefix="true")
    theirs = cookies_of_mallory(chromium, auth0_tenant, unsafe)
    # Without the prefix, the rest would be about nothing.
    page = chromium.tab_elsewhere("Ada without the prefix")
    plant(page, theirs)
    assert who(page, unsafe) == "auth0|grace"

    theirs = cookies_of_mallory(chromium, auth0_tenant, url)
    auth0_tenant.tenant.next_login = "auth0|ada"
    page = chromium.tab()
    plant(page, theirs)
    page.goto(url)
    assert "False" in page.content()
    assert who(page, url) == "auth0|ada"
    plant(page, theirs)
    assert who(page, url) == "auth0|ada"
    page.goto(f"{url}/logout")
    page.wait_for_url(f"{url}/")
    assert "False" in page.content()


def test_switching_it_on_logs_nobody_out(
    serve: Serve, auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    auth0_tenant.tenant.next_login = "auth0|ada"
    page = chromium.tab()
    assert who(page, serve("cookie")) == "auth0|ada"
    # A user who lost the session would be logged in as another one now.
    auth0_tenant.tenant.next_login = "auth0|grace"
    url = serve("cookie", cookie_host_prefix="migrate")
    assert who(page, url) == "auth0|ada"
    names = [name for name in cookies_of(page, url) if not name.endswith("_loop")]
    assert names
    assert all(name.startswith("__Host-session") for name in names)
    assert who(page, serve("cookie", cookie_host_prefix="true")) == "auth0|ada"
