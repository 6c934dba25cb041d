"""A tenant, its environment, and visitors for the apps that the pages define."""

from __future__ import annotations

import logging
import os
import ssl
import sys
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_auth0 import Auth0
from flask_auth0.tenant import Client, Tenant, TenantServer
from flask_auth0.testing import logged_in_client
from tests.tenant.flow import csrf_token

from .pages import Page

HOST = "http://localhost"
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
FETCH = {"Accept": "*/*", "Sec-Fetch-Mode": "cors"}

ReadPage = Callable[[str], Page]
MakeVisitor = Callable[..., "Visitor"]


class Visitor:
    """Somebody with a browser at an app."""

    def __init__(self, app: Flask, server: TenantServer, http: httpx.Client) -> None:
        self.client = app.test_client()
        self.server = server
        self._http = http

    def get(
        self, path: str, headers: dict[str, str] = NAVIGATION, **options: t.Any
    ) -> TestResponse:
        """Go to a page."""
        return self.client.get(path, base_url=HOST, headers=headers, **options)

    def fetch(self, path: str, **options: t.Any) -> TestResponse:
        """Ask as a script on a page does."""
        return self.get(path, FETCH, **options)

    def authorize(self, redirected: TestResponse, person: str) -> str:
        """Follow a redirect to the tenant, log in there, return the way back."""
        assert "/authorize?" in redirected.location, redirected.text
        self.server.tenant.next_login = person
        return self._http.get(redirected.location).headers["Location"]

    def log_in(
        self, path: str = "/login", person: str = "ada@example.com"
    ) -> TestResponse:
        """Log in, and return the answer of the callback."""
        return self.get(self.authorize(self.get(path), person))

    def cookies(self) -> list[str]:
        """The names of the cookies that the app has set."""
        return sorted(cookie.key for cookie in (self.client._cookies or {}).values())


def client_of(app: Flask, **options: t.Any) -> FlaskClient:
    """Somebody at an app of a page, which does not say that it is tested."""
    app.testing = True
    return logged_in_client(app, **options)


def query_of(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def choose(http: httpx.Client, tenant: TenantServer, url: str, **fields: str) -> str:
    """Choose an account at the other provider, and return the way back."""
    tenant.tenant.next_login = "ada@example.com"
    answer = http.get(url)
    while str(answer.headers.get("Location", "")).startswith("/"):
        answer = http.get(answer.url.join(answer.headers["Location"]))
    if not answer.is_redirect:
        form = {"csrf_token": csrf_token(answer.text), "step": "account", **fields}
        answer = http.post(answer.url, data=form)
    return answer.headers["Location"]


@pytest.fixture(scope="session")
def server() -> Iterator[TenantServer]:
    """The tenant of all these tests."""
    with TenantServer(Tenant([Client()])) as server:
        yield server


@pytest.fixture
def tenant(
    server: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TenantServer]:
    """The tenant, with its environment set and its switches as at the start."""
    tenant = server.tenant
    tenant.client.callbacks[:] = [f"{HOST}/callback"]
    tenant.client.logout_urls[:] = [f"{HOST}/"]
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("API_URL", f"{server.url}/userinfo")
    # No server listens there: an app that is only defined must not connect.
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9")
    yield server
    tenant.next_login = None
    tenant.extra_claims.clear()
    tenant.lifetimes.access_token = 86400
    for session in tenant.sessions():
        tenant.end_session(session.sid)


@pytest.fixture
def loggers() -> Iterator[None]:
    """Leave logging as it was, whatever a page sets up."""
    ours, handlers = logging.getLogger("flask_auth0"), [*logging.root.handlers]
    yield
    for each in ours.handlers:
        each.close()
    ours.handlers.clear()
    ours.propagate, logging.root.handlers[:] = True, handlers
    ours.setLevel(logging.NOTSET)


@pytest.fixture
def read_page(
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    loggers: None,
) -> ReadPage:
    """Read a page whose snippets can be run."""
    monkeypatch.chdir(tmp_path)

    def read(name: str) -> Page:
        page = Page(name, tmp_path)
        monkeypatch.setitem(sys.modules, "app", page.module)
        return page

    return read


@pytest.fixture
def make_visitor(tenant: TenantServer) -> Iterator[MakeVisitor]:
    """Make visitors of apps."""
    # The page about the tenant has one of its own, with other certificates.
    trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    with httpx.Client(verify=trusted, trust_env=False) as http:
        yield lambda app, server=tenant, http=http: Visitor(app, server, http)


@pytest.fixture
def http(tenant: TenantServer) -> Iterator[httpx.Client]:
    """The browser, where it is at the tenant."""
    verify = ssl.create_default_context(cafile=tenant.ca_file)
    with httpx.Client(verify=verify, trust_env=False) as client:
        yield client


def check_messages(visitor: Visitor) -> None:
    """The views call the API as the user, which is the tenant's own here."""
    visitor.log_in()
    messages = visitor.get("/messages").get_json()
    assert messages["sub"] == "auth0|ada"
    again = visitor.get("/messages-async").get_json()
    assert again in (messages, [messages, messages])


@pytest.fixture
def app(tenant: TenantServer) -> Flask:
    """An app that says nothing of its configuration."""
    return Flask(__name__)


@pytest.fixture
def auth0(app: Flask) -> Auth0:
    return Auth0(app)
