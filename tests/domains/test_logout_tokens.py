"""Logout tokens and lists of sessions: those of one tenant say nothing of another."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0, ConfigurationError
from flask_auth0.cli import auth0
from flask_auth0.tenant import TenantServer
from tests.harness.domains import FIRST, Function, Place
from tests.harness.logout_tokens import make_claims
from tests.harness.visitor import ADA, GRACE

from .conftest import MakeOwn, Places


@pytest.fixture
def kind() -> str:
    return "plain"


@pytest.fixture
def app(
    make_own: MakeOwn,
    settings: dict[str, t.Any],
    redis_url: str,
) -> Flask:
    """An app whose sessions can be ended from outside."""
    return make_own(**({} if settings else {"revocation_store": redis_url}))


@pytest.fixture(params=["sub", "sid"])
def claim(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def named(place: Place, claim: str) -> dict[str, t.Any]:
    return {claim: str(place.user()[claim])}


def test_a_token_ends_sessions_of_its_tenant_alone(places: Places, claim: str) -> None:
    first, second = places
    first.log_in()
    second.log_in()
    assert first.user()["sub"] == second.user()["sub"]
    assert second.end_from_outside(**named(second, claim)) == 200
    assert second.user() is None
    assert first.user()["email"] == ADA


def test_a_sid_of_the_other_tenant_ends_nothing(places: Places) -> None:
    first, second = places
    first.log_in()
    second.log_in()
    assert second.end_from_outside(**named(first, "sid")) == 200
    assert all(each.user() for each in places)


def test_a_token_that_comes_to_the_other_host_ends_its_own(
    places: Places, claim: str
) -> None:
    first, second = places
    first.log_in()
    second.log_in()
    assert first.end_from_outside(second, **named(second, claim)) == 200
    assert second.user() is None
    assert first.user()["email"] == ADA


def test_a_token_that_names_the_other_issuer_is_refused(places: Places) -> None:
    first, second = places
    first.log_in()
    second.log_in()
    claims = make_claims(second.tenant.tenant, sub=first.user()["sub"])
    claims["iss"] = first.tenant.tenant.issuer
    token = second.tenant.tenant.keys.sign(claims, "logout+jwt")
    for each in places:
        answer = each.client.post(
            "/backchannel-logout",
            base_url=each.base_url,
            data={"logout_token": token},
        )
        # Keys are not looked for again at once.
        assert answer.status_code in {400, 503}
    assert all(each.user() for each in places)


def test_an_issuer_that_nobody_has_told_is_not_asked_for_keys(
    make_own: MakeOwn, tenants: dict[str, TenantServer], function: Function
) -> None:
    other = Place(make_own().test_client(), FIRST, tenants[FIRST])
    (stranger,) = (each for host, each in tenants.items() if host != FIRST)
    told = other.client.application.extensions["auth0"].client.discovery
    answer = other.end_from_outside(Place(other.client, FIRST, stranger), sub="x")
    assert answer in {400, 501}
    assert told.known("metadata", stranger.domain) is None


@pytest.mark.parametrize("settings", ["redis"], indirect=True)
def test_a_user_of_one_tenant_is_not_one_of_the_other(places: Places) -> None:
    first, second = places
    first.log_in()
    second.log_in()
    sub = first.user()["sub"]
    (of_first,) = first.fetch(f"/sessions/{sub}").get_json()
    (of_second,) = second.fetch(f"/sessions/{sub}").get_json()
    assert of_first != of_second
    assert second.fetch(f"/revoke/{of_first}").get_json() == [False]
    assert second.fetch(f"/revoke-all/{sub}").get_json() == [1]
    assert first.user()["email"] == ADA
    assert second.user() is None
    assert first.fetch(f"/revoke/{of_first}").get_json() == [True]
    assert first.user() is None


@pytest.mark.parametrize("settings", ["redis"], indirect=True)
def test_outside_of_requests_the_domain_is_named(app: Flask, places: Places) -> None:
    first, second = places
    first.log_in(ADA)
    second.log_in(GRACE)
    sub = first.user()["sub"]
    with app.app_context():
        sessions = Auth0().sessions
        with pytest.raises(ConfigurationError, match="tell the domain"):
            sessions.of(sub)
        assert sessions.of(sub, domain=second.tenant.domain) == []
        (found,) = sessions.of(sub, domain=first.tenant.domain)
        assert sessions.revoke(found.id)
    assert first.user() is None
    runner = app.test_cli_runner()
    arguments = ["sessions", "list", second.user()["sub"]]
    answer = runner.invoke(auth0, arguments)
    assert answer.exit_code == 1
    assert "tell the domain" in answer.output
    answer = runner.invoke(auth0, [*arguments, "--domain", second.tenant.domain])
    assert answer.exit_code == 0
    assert len(answer.stdout.splitlines()) == 2
