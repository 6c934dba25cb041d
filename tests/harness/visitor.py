"""An app and its visitors in this process, with a tenant that speaks HTTP over TLS."""

from __future__ import annotations

import ssl
import typing as t
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_auth0 import current_user, login_required
from flask_auth0.tenant import Client, Tenant, TenantServer

SECRET = "4b1f6a0c9d83e7252f6cbb0d17a94e30c5e8d9f24a60b3718c2d5ef09b6a7143"
HOST = "http://localhost"
NAVIGATION = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}
FETCH = {"Accept": "*/*", "Sec-Fetch-Mode": "cors"}
ADA, GRACE = "ada@example.com", "grace@example.com"

MakeApp = Callable[..., Flask]
MakeVisitor = Callable[[Flask], "Visitor"]


class Visitor:
    """Somebody with a browser at an app."""

    def __init__(self, app: Flask, tenant: TenantServer) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.tenant = tenant
        self.http = httpx.Client(
            verify=ssl.create_default_context(cafile=tenant.ca_file), trust_env=False
        )

    def get(self, path: str, **options: t.Any) -> TestResponse:
        """Go to a page."""
        options.setdefault("headers", NAVIGATION)
        return self.client.get(path, base_url=HOST, **options)

    def fetch(self, path: str, **options: t.Any) -> TestResponse:
        """Ask as a script on a page would."""
        return self.client.open(path, base_url=HOST, headers=FETCH, **options)

    def authorize(self, redirected: TestResponse, person: str = ADA) -> str:
        """Follow a redirect to the tenant, log in there, return the way back."""
        assert redirected.status_code in {302, 303}, redirected.text
        self.tenant.tenant.next_login = person
        answer = self.http.get(redirected.location)
        assert answer.status_code in {302, 303}, answer.text
        return answer.headers["Location"]

    def log_in(self, person: str = ADA, path: str = "/login") -> TestResponse:
        """Log in, and return the answer of the callback."""
        return self.get(self.authorize(self.get(path), person))

    def user(self) -> t.Any:
        """The user who is logged in, as the app says, or ``None``."""
        return self.fetch("/user").get_json()

    def cookies(self) -> dict[str, str]:
        """The cookies that the app has set."""
        jar = self.client._cookies or {}
        return {cookie.key: cookie.value for cookie in jar.values()}

    def lose_state(self) -> None:
        """Lose the cookies of the extension, and keep Flask's session."""
        for name in self.cookies():
            if "_a0_" in name:
                self.client.delete_cookie(name)

    def set_cookie(self, name: str, value: str) -> None:
        self.client.set_cookie(name, value, domain="localhost")


def query_of(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def make_tenant() -> Tenant:
    """A tenant that knows the app of these tests."""
    client = Client(
        client_id="the-client",
        client_secret="the-client-secret",
        callbacks=[f"{HOST}/callback"],
        logout_urls=[f"{HOST}/"],
    )
    return Tenant(clients=[client])


def add_views(app: Flask) -> None:
    """Add the pages that the tests visit."""

    @app.get("/")
    def home() -> str:
        return "home"

    @app.get("/user")
    def user() -> t.Any:
        return (
            dict(current_user)
            if current_user
            else ("null", {"Content-Type": "application/json"})
        )

    @app.get("/profile")
    @login_required
    def profile() -> str:
        return f"Hello {current_user['name']}"


def error_of(response: TestResponse) -> t.Any:
    """The code on an error page."""
    assert response.mimetype == "text/html", response.text
    assert response.cache_control.no_store
    assert "Traceback" not in response.text
    return response.text.partition("Error <code>")[2].partition("<")[0]
