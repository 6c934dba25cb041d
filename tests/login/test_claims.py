"""Claims of an ID token that decide whether it logs somebody in."""

from __future__ import annotations

import time
import typing as t
from urllib.parse import quote

import pytest

from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor, query_of


def test_a_wrong_max_age_is_named(visitor: Visitor) -> None:
    response = visitor.get("/login?max_age=soon")
    assert response.status_code == 400
    assert "max_age" in response.text


def test_an_id_token_for_another_login_is_refused(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["nonce"] = "of-another-login"
    response = visitor.log_in()
    assert response.status_code == 502
    assert visitor.user() is None


@pytest.mark.parametrize(
    "auth_time", [1, 10**400, -(10**400), float("nan"), "now"], ids=range(5)
)
def test_max_age_is_checked(
    visitor: Visitor, tenant: TenantServer, auth_time: t.Any
) -> None:
    tenant.tenant.extra_claims["auth_time"] = auth_time
    response = visitor.log_in(path="/login?max_age=60")
    assert response.status_code == 400
    assert visitor.user() is None


def test_max_age_from_the_configuration_is_checked_too(
    make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitor = make_visitor(make_app(authorization_params={"max_age": 60}))
    assert query_of(visitor.get("/login").location)["max_age"] == "60"
    tenant.tenant.extra_claims["auth_time"] = 1
    assert visitor.log_in().status_code == 400
    assert visitor.user() is None


@pytest.mark.parametrize("value", ["-1", "1.5", "9" * 5000, "\u0663", ""])
def test_wrong_ages(visitor: Visitor, value: str) -> None:
    assert visitor.get(f"/login?max_age={quote(value)}").status_code == 400


@pytest.mark.parametrize(
    "claims",
    [{"iat": -30}, {"iat": 30}, {"exp": -30}],
    ids=["behind", "ahead", "just expired"],
)
def test_clocks_may_differ_a_little(
    visitor: Visitor, tenant: TenantServer, claims: dict[str, int]
) -> None:
    now = int(time.time())
    tenant.tenant.extra_claims.update({k: now + v for k, v in claims.items()})
    assert visitor.log_in().location == "/"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": 2**40},
        {"iss": "https://evil.example/"},
        {"aud": "another-client"},
        {"azp": "another-client"},
        {"sub": None},
        {"sub": ""},
    ],
)
def test_id_tokens_that_are_refused(
    visitor: Visitor, tenant: TenantServer, claims: dict[str, t.Any]
) -> None:
    tenant.tenant.extra_claims.update(claims)
    response = visitor.log_in()
    assert response.status_code in {400, 502}
    assert visitor.user() is None


def test_somebody_of_another_organization(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["org_id"] = "org_theirs"
    response = visitor.log_in(path="/login?organization=org_ours")
    assert response.status_code == 403
    assert "organization" in response.text
    assert visitor.user() is None


def test_a_blank_organization_is_named(visitor: Visitor) -> None:
    response = visitor.get("/login?organization=%20")
    assert response.status_code == 400
    assert "organization" in response.text
