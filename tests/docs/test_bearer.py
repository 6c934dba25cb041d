"""The snippets about protecting an API."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from flask_auth0.tenant import TenantServer

from .conftest import FETCH, HOST, MakeVisitor, ReadPage, client_of
from .pages import Page, path_of, table

AUDIENCE = "https://api.example.com"


@pytest.fixture
def page(read_page: ReadPage, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setenv("AUTH0_AUDIENCE", AUDIENCE)
    return read_page("bearer.rst").run()


class Client:
    """A program that calls the app of the page."""

    def __init__(self, page: Page, tenant: TenantServer) -> None:
        self.app = page.apps[0]
        self._sign, self._tenant = page["access_token"], tenant.tenant

    def call(self, path: str, method: str = "GET", **claims: Any) -> TestResponse:
        token = self._sign(self._tenant, **claims)
        headers = {**FETCH, "Authorization": f"Bearer {token}"}
        client = self.app.test_client()
        return client.open(path, base_url=HOST, method=method, headers=headers)


@pytest.fixture
def client(page: Page, tenant: TenantServer) -> Client:
    return Client(page, tenant)


def test_guards(client: Client) -> None:
    assert client.call("/api/me").get_json() == {"sub": "auth0|ada"}
    assert client.call("/api/messages", scope="read:messages").status_code == 200
    assert client.call("/api/messages").status_code == 403
    allowed = {"permissions": ["delete:messages"]}
    path = "/api/v2/messages/5"
    assert client.call(path, "DELETE", **allowed).get_json() == {"deleted": 5}
    assert client.call(path, "DELETE").status_code == 403
    assert client.app.test_client().get("/api/me").status_code == 401


def test_needs(client: Client) -> None:
    both = "read:messages write:messages"
    assert client.call("/api/messages", "POST", scope=both).status_code == 200
    refused = client.call("/api/messages", "POST", scope="read:messages")
    assert refused.get_json()["missing"] == {"scopes": ["write:messages"]}
    assert client.call("/api/report", permissions=["read:all"]).status_code == 200
    assert client.call("/api/report", permissions=["read"]).status_code == 403


def test_for_people_and_programs(client: Client, make_visitor: MakeVisitor) -> None:
    assert client.call("/orders").get_json() == {"of": "auth0|ada"}
    person = client_of(client.app, sub="auth0|grace")
    assert person.get("/orders").get_json() == {"of": "auth0|grace"}
    visitor = make_visitor(client.app)
    assert visitor.get("/orders").location == "/login?next=/orders"
    told = visitor.fetch("/orders")
    assert told.headers["WWW-Authenticate"] == "Bearer"
    assert "login_url" in told.get_json()


def test_errors(client: Client) -> None:
    refused = client.call("/api/me", aud="another")
    assert refused.get_json()["problem"] == "invalid_token"
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    reader = {"scope": "read:messages"}
    assert client.call("/api/messages/auth0|ada", **reader).status_code == 200
    other = client.call("/api/messages/auth0|grace", **reader)
    assert 'scope="admin"' in other.headers["WWW-Authenticate"]


def test_csrf(client: Client) -> None:
    """Programs need no CSRF token, and people do."""
    assert client.call("/orders", "POST").get_json() == {"by": "auth0|ada"}
    assert client.call("/api/v2/messages/5", "DELETE").status_code == 403
    person = client_of(client.app)
    answer = person.post("/orders")
    assert answer.status_code == 400
    assert "CSRF" in answer.text


def test_the_table_of_answers(client: Client) -> None:
    rows = table(path_of("bearer.rst"), "Status")
    told = {(int(status), error) for status, error, _ in rows}
    good = client.call("/api/messages", scope="read:messages")
    assert good.vary.as_set() == {"authorization"}
    assert good.cache_control.private
    assert (403, "insufficient_scope") in told
    assert client.call("/api/messages").status_code == 403


def test_in_tests(page: Page) -> None:
    page.apps[0].testing = True
    page["test_messages"]()
