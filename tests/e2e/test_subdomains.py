"""A page on a subdomain, and the way back to it in a real browser."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.tenant import TenantServer
from tests.harness.chromium import Chromium
from tests.harness.tls import SITE, served_over_tls

FORM = '<!doctype html><form method="post" action="/send"><button>Send</button></form>'


def make_app(tenant: TenantServer, **options: Any) -> Flask:
    app = Flask(__name__, subdomain_matching=True)
    client = tenant.tenant.client
    Auth0(
        app,
        domain=tenant.domain,
        client_id=client.client_id,
        client_secret=client.client_secret,
        secret=tenant.environment()["AUTH0_SECRET"],
        allow_development_tenant=True,
        **options,
    )

    @app.get("/")
    def home() -> ResponseReturnValue:
        return f"home {bool(current_user)}"

    @app.get("/dash", subdomain="admin")
    @login_required
    def dash() -> ResponseReturnValue:
        return f"{request.host} {current_user['sub']}"

    @app.get("/form", subdomain="admin")
    def form() -> ResponseReturnValue:
        return FORM

    @app.post("/send", subdomain="admin")
    @login_required
    def send() -> ResponseReturnValue:
        return f"sent by {current_user['sub']}"

    @app.get("/favicon.ico", subdomain="<any>")
    @app.get("/favicon.ico")
    def icon(any: str = "") -> ResponseReturnValue:
        return "", 204

    return app


@contextlib.contextmanager
def served(tenant: TenantServer, **options: Any) -> Iterator[str]:
    """Serve the app; return its host."""
    app = make_app(tenant, **options)
    with served_over_tls(app) as port:
        host = app.config["SERVER_NAME"] = f"app.{SITE}:{port}"
        tenant.tenant.client.callbacks.append(f"https://{host}/callback")
        tenant.tenant.client.logout_urls.append(f"https://{host}/")
        yield host


def test_the_way_back(auth0_tenant: TenantServer, chromium: Chromium) -> None:
    page = chromium.tab()
    with served(auth0_tenant, cookie_domain=f"app.{SITE}") as host:
        auth0_tenant.tenant.next_login = "auth0|ada"
        page.goto(f"https://admin.{host}/dash?tab=2")
        assert page.url == f"https://admin.{host}/dash?tab=2"
        assert page.inner_text("body") == f"admin.{host} auth0|ada"
        page.goto(f"https://{host}/logout")
        page.wait_for_url(f"https://{host}/")
        assert page.inner_text("body") == "home False"


def test_the_way_back_of_a_form(auth0_tenant: TenantServer, chromium: Chromium) -> None:
    """Also where the app has no page of its own for logins."""
    page = chromium.tab()
    with served(auth0_tenant, cookie_domain=f"app.{SITE}", login_path="") as host:
        auth0_tenant.tenant.next_login = "auth0|grace"
        page.goto(f"https://admin.{host}/form")
        page.get_by_role("button").click()
        page.get_by_role("link", name="Go back").click()
        page.wait_for_url(f"https://admin.{host}/form")
        page.get_by_role("button").click()
        page.wait_for_url(f"https://admin.{host}/send")
        assert page.inner_text("body") == "sent by auth0|grace"


def test_without_a_domain_for_cookies(
    auth0_tenant: TenantServer, chromium: Chromium
) -> None:
    """The login ends on the start page, and not in a circle."""
    page = chromium.tab()
    with served(auth0_tenant) as host:
        auth0_tenant.tenant.next_login = "auth0|ada"
        for _ in range(3):
            page.goto(f"https://admin.{host}/dash")
            assert page.url == f"https://{host}/"
            assert page.inner_text("body") == "home True"
