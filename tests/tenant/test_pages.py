"""What every page has in common: it cannot be mistaken for the real thing."""

from __future__ import annotations

import pytest

from flask_auth0.tenant import Person, Tenant
from tests.tenant.flow import Flow

PAGES = {
    "/admin": 200,
    "/v2/logout": 200,
    "/v2/logout?client_id=unknown": 400,
    "/v2/logout?returnTo=http://x/": 400,
    "/oidc/logout?id_token_hint=x": 400,
    "/authorize": 400,
    "/missing": 404,
    "/oauth/token": 405,
}


@pytest.mark.parametrize(("path", "status"), PAGES.items())
def test_banner(flow: Flow, path: str, status: int) -> None:
    response = flow.http.get(path)
    assert response.status_code == status
    assert "This is not Auth0" in response.text
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"


def test_banner_on_pages_of_a_login(flow: Flow) -> None:
    page = flow.authorize()
    assert "This is not Auth0" in page.text
    assert "This is not Auth0" in flow.choose(page, person="nobody").text
    assert "This is not Auth0" in flow.authorize(redirect_uri="http://x/").text
    flow.log_in()
    assert "This is not Auth0" in flow.http.get("/oidc/logout").text


def test_banner_when_something_breaks(
    flow: Flow, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant, "sessions", None)
    response = flow.http.get("/admin")
    assert response.status_code == 500
    assert "This is not Auth0" in response.text


def test_names_are_escaped(flow: Flow, tenant: Tenant) -> None:
    tenant.people.append(Person("auth0|<i>", "<b>Eve</b>", '"><i>@example.com'))
    assert "<b>Eve" not in flow.authorize().text
    tenant.next_login = "auth0|<i>"
    flow.authorize()
    page = flow.http.get("/admin").text
    assert "&lt;b&gt;Eve" in page
    assert "<i>@" not in page


def test_email_typed_before_is_escaped(flow: Flow) -> None:
    page = flow.authorize(login_hint='"><script>', organization="<script>")
    assert "<script>" not in page.text
