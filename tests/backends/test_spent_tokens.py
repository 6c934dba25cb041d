"""A refresh token that the tenant has taken is replaced, whatever the back end does."""

from __future__ import annotations

import asyncio
import socket
import typing as t
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.sessions.stores.lease import Lease
from flask_auth0.tenant import TenantServer
from tests.harness.proxy import proxied, unix_socket
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

from .disturbed import LIMIT, Place, PostgresPlace, RedisPlace


@pytest.fixture(params=["redis", "postgresql"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        port = int(url.rpartition(":")[2])
        with proxied(lambda _: socket.create_connection(("127.0.0.1", port))) as proxy:
            made: Place = RedisPlace(url, proxy)
            yield made
    else:
        url = request.getfixturevalue("postgres_url")
        folder = url.partition("host=")[2]
        with proxied(lambda _: unix_socket(f"{folder}/.s.PGSQL.5432")) as proxy:
            made = PostgresPlace(url, proxy)
            yield made
    made.take_writes()


def add_views(app: Flask) -> None:
    @app.get("/token")
    def token() -> str:
        return Auth0().get_access_token(force_refresh=True)

    @app.get("/color")
    def color() -> str:
        Auth0().update_session(color="red")
        return "red"

    @app.get("/refresh-token")
    def refresh_token() -> str:
        return str((Auth0().get_session() or {})["refresh_token"])


@pytest.fixture
def app(make_app: MakeApp, place: Place) -> Flask:
    """An app whose way to the back end is disturbed."""
    app = make_app(
        place.settings(disturbed=True),
        session_store_timeout=LIMIT,
        # Shorter than a lock lasts which nobody can renew.
        timeout=5,
        scope="openid profile email offline_access",
    )
    add_views(app)
    return app


@pytest.fixture
def elsewhere(
    app: Flask, make_app: MakeApp, place: Place, make_visitor: MakeVisitor
) -> Visitor:
    """The same browser at another process of the app, whose way is good."""
    other = make_app(place.settings(disturbed=False), session_store_timeout=10)
    other.secret_key = app.secret_key
    add_views(other)
    return make_visitor(other)


@pytest.fixture
def when_asked(
    tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[], object]], None]:
    """Set what happens when the tenant is asked for new tokens, the next time."""
    deeds: list[Callable[[], object]] = []
    original = tenant.tenant.take_failure

    def take_failure() -> t.Any:
        if deeds:
            deeds.pop()()
        return original()

    monkeypatch.setattr(tenant.tenant, "take_failure", take_failure)
    return deeds.append


def outcomes(tenant: TenantServer) -> list[str]:
    """The outcomes of the refreshes that have reached the tenant."""
    requests = tenant.tenant.token_requests
    return [e.outcome for e in requests if e.grant_type == "refresh_token"]


def move(visitor: Visitor, elsewhere: Visitor) -> None:
    """Let the other process have the browser's cookies."""
    for name, value in visitor.cookies().items():
        elsewhere.set_cookie(name, value)


@pytest.mark.parametrize("fault", ["freeze", "cut", "refuse"])
def test_a_fault_after_the_tenant_was_asked(
    fault: str,
    place: Place,
    tenant: TenantServer,
    visitor: Visitor,
    elsewhere: Visitor,
    when_asked: Callable[[Callable[[], object]], None],
) -> None:
    """The request has its token, and the next one of another process a newer one."""
    faults = {
        "freeze": (place.proxy.freeze, place.proxy.thaw),
        "cut": (place.proxy.cut, place.proxy.restore),
        "refuse": (place.refuse_writes, place.take_writes),
    }
    begin, end = faults[fault]
    visitor.log_in()
    move(visitor, elsewhere)
    tenant.tenant.token_requests.clear()
    when_asked(begin)
    answer = visitor.fetch("/token")
    assert (answer.status_code, outcomes(tenant)) == (200, ["ok"])
    # Others in this process need not wait until it is written.
    if fault == "refuse":
        assert visitor.fetch("/user").status_code == 200
    end()
    # The app waits until the tokens are written.
    assert elsewhere.fetch("/token").status_code == 200
    assert elsewhere.fetch("/token").text != answer.text
    assert visitor.fetch("/token").status_code == 200
    assert set(outcomes(tenant)) == {"ok"}


def test_who_cannot_wait_hears_of_the_back_end(
    place: Place,
    tenant: TenantServer,
    visitor: Visitor,
    when_asked: Callable[[Callable[[], object]], None],
) -> None:
    """And not of the tenant, which has answered."""
    visitor.log_in()
    when_asked(place.refuse_writes)
    assert visitor.fetch("/token").status_code == 200
    told = visitor.fetch("/color")
    assert told.get_json()["error"] == "session_store_unavailable"
    place.take_writes()
    assert visitor.fetch("/color").status_code == 200


def test_nothing_is_spent_where_nothing_can_be_written(
    place: Place, tenant: TenantServer, visitor: Visitor
) -> None:
    visitor.log_in()
    tenant.tenant.token_requests.clear()
    place.refuse_writes()
    assert visitor.fetch("/token").status_code == 503
    assert visitor.fetch("/user").status_code == 200
    place.take_writes()
    assert outcomes(tenant) == []
    assert visitor.fetch("/token").status_code == 200


def test_a_slow_back_end(
    place: Place, tenant: TenantServer, visitor: Visitor, elsewhere: Visitor
) -> None:
    """A request that may not wait any longer loses nothing of what it has brought."""
    visitor.log_in()
    move(visitor, elsewhere)
    tenant.tenant.token_requests.clear()
    # With each of them, the time of the request is over at another step.
    for delay in (0.01, 0.04, 0.07, 0.1, 0.13, 0.16):
        place.proxy.delay = delay
        assert visitor.fetch("/token").status_code in {200, 503}
    place.proxy.delay = 0
    assert elsewhere.fetch("/token").status_code == 200
    assert set(outcomes(tenant)) == {"ok"}


def test_a_process_that_stood_still_does_not_replace_newer_tokens(
    place: Place,
    app: Flask,
    visitor: Visitor,
    elsewhere: Visitor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another process has used the refresh token as well, in an overlap period."""
    visitor.log_in()
    move(visitor, elsewhere)
    answered_by(elsewhere.app, "theirs", lambda: None)

    def stand_still() -> None:
        place.end_locks()
        assert elsewhere.fetch("/token").text == "access-theirs"
        monkeypatch.setattr(Lease, "is_certain", lambda lease: False)

    answered_by(app, "mine", stand_still)
    assert visitor.fetch("/token").text == "access-mine"
    # The write is given up at the first attempt, and then the lock is free.
    assert elsewhere.fetch("/refresh-token").text == "refresh-theirs"
    assert elsewhere.fetch("/token").status_code == 200
    assert elsewhere.fetch("/refresh-token").text == "refresh-theirs"


def answered_by(app: Flask, name: str, meanwhile: Callable[[], None]) -> None:
    """Answer in the place of the tenant's token endpoint."""

    async def exchange(options: t.Any) -> dict[str, t.Any]:
        await asyncio.to_thread(meanwhile)
        return {
            "access_token": f"access-{name}",
            "refresh_token": f"refresh-{name}",
            "expires_in": 3600,
            "scope": options["scope"],
        }

    state_of(app).client.get_token_by_refresh_token = exchange  # type: ignore[method-assign]
