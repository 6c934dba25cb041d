"""Logins that the SDK's own methods begin, and the callback completes."""

from __future__ import annotations

import typing as t

import pytest

from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.organizations import Organization
from tests.harness.visitor import ADA, GRACE, HOST, Visitor, error_of, query_of

from .going import go, go_by_mail, session_of

Begin = t.Callable[..., t.Any]
BOTH = pytest.mark.parametrize("color", ["sync", "async"])


@pytest.fixture
def acme(tenant: TenantServer) -> t.Iterator[Organization]:
    organizations = tenant.tenant.organizations
    yield organizations.add(Organization("org_acme", domains=("acme.example",)))
    organizations._all.clear()


@BOTH
def test_login(visitor: Visitor, begin: Begin) -> None:
    begun = begin("login", next="/profile?a=1")
    query = query_of(begun.location)
    assert query["redirect_uri"] == f"{HOST}/callback"
    assert len(query["nonce"]) >= 24
    response = visitor.get(go(visitor, begun))
    assert (response.status_code, response.location) == (302, "/profile?a=1")
    assert visitor.user()["email"] == ADA


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/login"]
)
def test_only_pages_of_the_app_are_led_to(
    visitor: Visitor, begin: Begin, target: str
) -> None:
    response = visitor.get(go(visitor, begin("login", next=target)))
    assert response.location == "/"


@BOTH
def test_enterprise_login(visitor: Visitor, begin: Begin, acme: Organization) -> None:
    begun = begin("enterprise", next="/profile")
    assert query_of(begun.location)["login_hint"] == "ada@acme.example"
    response = visitor.get(go(visitor, begun, "ada@acme.example"))
    assert (response.status_code, response.location) == (302, "/profile")
    assert visitor.user()["email"] == "ada@acme.example"


@BOTH
def test_magic_link(visitor: Visitor, begin: Begin) -> None:
    response = visitor.get(go_by_mail(visitor, begin("magic", next="/profile")))
    assert (response.status_code, response.location) == (302, "/profile")
    assert visitor.user()["email"] == ADA
    assert session_of(visitor)["user"]["nonce"]


@pytest.mark.parametrize("mode", ["cookies", "redis"], indirect=True)
def test_magic_link_in_another_browser(visitor: Visitor, begin: Begin) -> None:
    """The tenant knows who has followed the link, so one more redirect logs in."""
    callback = go_by_mail(visitor, begin("magic", next="/profile"))
    visitor.client = visitor.app.test_client()
    again = visitor.get(callback)
    response = visitor.get(go(visitor, again))
    assert response.location == "/profile"
    assert visitor.user()["email"] == ADA


def test_id_token_of_another_login(visitor: Visitor, begin: Begin) -> None:
    callback = go(visitor, begin("login"))
    other = go(visitor, begin("login"))
    crossed = callback.replace(query_of(callback)["code"], query_of(other)["code"])
    response = visitor.get(crossed)
    # The codes are bound to their verifiers as well.
    assert error_of(response) in {"invalid_grant", "invalid_response"}
    assert visitor.user() is None


def test_nonce_is_checked(visitor: Visitor, begin: Begin, tenant: TenantServer) -> None:
    callback = go_by_mail(visitor, begin("magic"))
    tenant.tenant.extra_claims["nonce"] = "another"
    response = visitor.get(callback)
    assert (response.status_code, error_of(response)) == (502, "invalid_response")
    assert visitor.user() is None


def test_two_tabs(visitor: Visitor, begin: Begin) -> None:
    first, second = begin("login", next="/user"), begin("login", next="/profile")
    assert visitor.get(go(visitor, second)).location == "/profile"
    # Somebody is logged in by then, so there is nothing left to do.
    assert visitor.get(go(visitor, first)).location == "/user"
    assert visitor.user()["email"] == ADA


def test_somebody_else(visitor: Visitor, begin: Begin) -> None:
    visitor.get(go(visitor, begin("login")))
    response = visitor.get(go(visitor, begin("login", next="/profile"), GRACE))
    assert response.location == "/profile"
    assert visitor.user()["email"] == GRACE


@BOTH
def test_an_address_that_is_none(visitor: Visitor, begin: Begin) -> None:
    response = begin("enterprise", email="nobody")
    assert (response.status_code, error_of(response)) == (400, "login_failed")
    assert "A valid email address is required" in response.text
