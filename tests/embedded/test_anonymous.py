"""Visitors without a name: their sessions, and what becomes of them at a login."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0, ConfigurationError
from flask_auth0.tenant import Tenant
from flask_auth0.tenant.anonymous_sessions import AnonymousSessions
from tests.embedded.conftest import API, OTHER_API, SUB, Person, add_steps
from tests.harness.clock import Clock
from tests.harness.own_stores import SimpleStore, SlowTransactions
from tests.harness.visitor import MakeApp


@pytest.fixture(autouse=True)
def fresh(issuer: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant that knows no visitors yet."""
    sessions = AnonymousSessions(issuer.anonymous._lock)
    monkeypatch.setattr(issuer, "anonymous", sessions)


def begin(person: Person, **options: t.Any) -> t.Any:
    return person.gets(lambda client: client.anonymous.create_session(**options))


def token(person: Person, **options: t.Any) -> t.Any:
    return person.gets(lambda client: client.anonymous.get_token(**options))


def session(person: Person) -> t.Any:
    return person.gets(lambda client: client.anonymous.get_session())


def test_a_visitor_is_known_again(visitor: Person) -> None:
    assert session(visitor) is None
    begun = begin(visitor, metadata={"cart": "1"})
    assert begun["sub"].startswith("anon@")
    again = session(visitor)
    assert (again["sub"], again["metadata"]) == (begun["sub"], {"cart": "1"})
    assert token(visitor)["access_token"] == begun["access_token"]
    other = token(visitor, audience=OTHER_API)
    assert other["sub"] == begun["sub"]
    assert token(visitor, audience=OTHER_API) == other
    assert visitor.user() is None
    visitor.gets(lambda client: client.anonymous.logout())
    assert session(visitor) is None
    assert apart(visitor) == []


def apart(person: Person) -> list[str]:
    return [name for name in person.cookies() if "_a0_apart_" in name]


def test_a_login_tells_the_tenant_who_the_visitor_was(
    visitor: Person, issuer: Tenant
) -> None:
    begun = begin(visitor)
    for _ in range(2):
        # The second time, the tenant's documents are known.
        login = visitor.get("/login")
        assert "anon_transfer_token=" in login.location
    visitor.get(visitor.authorize(login))
    assert visitor.user()["sub"] == SUB
    assert issuer.anonymous.logged_in == {begun["sub"]: SUB}
    assert session(visitor) is None
    assert apart(visitor) == []


def test_it_can_stay_after_a_login(
    make_app: MakeApp, place: dict[str, t.Any], visitor: Person
) -> None:
    app = add_steps(
        make_app(
            place.get("config"), clear_anonymous_session_on_login=False, audience=API
        )
    )
    visitor.app, visitor.client = app, app.test_client()
    begun = begin(visitor)
    visitor.log_in()
    assert session(visitor)["sub"] == begun["sub"]
    visitor.get("/logout")
    assert session(visitor) is None


def test_it_ends_with_a_logout(visitor: Person) -> None:
    visitor.log_in()
    begin(visitor)
    assert session(visitor) is not None
    visitor.get("/logout")
    assert session(visitor) is None


def test_a_tenant_that_is_down_stops_no_login(visitor: Person, issuer: Tenant) -> None:
    begin(visitor)
    issuer.anonymous.enabled = False
    assert visitor.log_in().status_code == 302
    assert visitor.user()["sub"] == SUB


def test_it_lasts_as_long_as_at_the_tenant(
    visitor: Person, issuer: Tenant, clock: Clock
) -> None:
    issuer.anonymous.lifetime = 500
    begin(visitor)
    (name,) = apart(visitor)
    sealed = visitor.cookies()[name]
    clock.offset = 501
    visitor.set_cookie(name, sealed)
    assert session(visitor) is None


def test_tokens_for_many_audiences_fit(visitor: Person, issuer: Tenant) -> None:
    begun = begin(visitor, metadata={"cart": "x" * 900})
    for number in range(6):
        found = token(visitor, audience=f"https://{number}.example.com")
        assert found["sub"] == begun["sub"]
    assert all(len(f"{k}={v}") < 4096 for k, v in visitor.cookies().items())
    last = token(visitor, audience="https://5.example.com")
    assert last["access_token"] == found["access_token"]
    assert visitor.log_in().status_code == 302
    assert visitor.user()["sub"] == SUB


ERRORS: dict[str, tuple[t.Any, tuple[int, str]]] = {
    "none": (
        lambda client: client.anonymous.get_token(),
        (400, "anonymous_token_error"),
    ),
    "large": (
        lambda client: client.anonymous.create_session(metadata={"a": "x" * 1025}),
        (400, "metadata_too_large"),
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_a_visitor_is_told(visitor: Person, case: str) -> None:
    step, wanted = ERRORS[case]
    answer = visitor.does(step)
    assert (answer.status_code, answer.get_json()["error"]) == wanted


def test_what_a_visitor_is_told_of_the_tenant(visitor: Person, issuer: Tenant) -> None:
    begin(visitor)
    issuer.anonymous.lifetime = 0
    ask: t.Any = lambda client: client.anonymous.get_token(audience="https://new")  # noqa: E731
    issuer.anonymous._sessions.clear()
    answer = visitor.does(ask)
    told = answer.status_code, answer.get_json()["error"]
    assert told == (400, "invalid_session_token")
    issuer.anonymous.enabled = False
    answer = visitor.does(lambda client: client.anonymous.create_session())
    told = answer.status_code, answer.get_json()["error"]
    assert told == (502, "invalid_response")


# A store of an app's own


def test_a_store_of_ones_own(
    make_app: MakeApp, visitor: Person, issuer: Tenant, mode: str
) -> None:
    if mode != "cookies":
        pytest.skip("It is the same wherever sessions are.")
    # It keeps anything by its identifier.
    store: t.Any = SlowTransactions()
    app = add_steps(make_app(anonymous_store=store, audience=API))
    visitor.app, visitor.client = app, app.test_client()
    begun = begin(visitor)
    assert len(store.kept) == 1
    assert apart(visitor) == []
    assert session(visitor)["sub"] == begun["sub"]
    visitor.log_in()
    assert issuer.anonymous.logged_in == {begun["sub"]: SUB}
    assert not store.kept


def test_one_store_for_both_is_refused(options: dict[str, t.Any]) -> None:
    store = SimpleStore()
    with pytest.raises(ConfigurationError, match="another object than state_store"):
        Auth0(Flask("app"), state_store=store, anonymous_store=store, **options)
