"""A tenant that does not answer: one request finds that out for all others."""

from __future__ import annotations

import asyncio
import socket
import typing as t
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from flask import Flask

from flask_auth0 import Auth0, TenantUnavailable
from flask_auth0.app_state import state_of
from flask_auth0.client import discovery
from flask_auth0.client.breaker import LONGEST, Breaker
from flask_auth0.tenant import TenantServer
from tests.harness.logout_tokens import make_token
from tests.harness.processes import until
from tests.harness.proxy import Proxy
from tests.harness.visitor import HOST, NAVIGATION, SECRET, MakeVisitor

OFFLINE = "openid profile email offline_access"
LIMIT = 2


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("flask_auth0.client.breaker.time", clock)
    return clock


def fail(breaker: Breaker, clock: Clock, error: BaseException, took: float) -> None:
    attempt = breaker.attempt()
    clock.now += took
    attempt.__exit__(type(error), error, None)


def refused(breaker: Breaker) -> int | None:
    """For how long it refuses, if it does."""
    try:
        breaker.require_closed()
    except TenantUnavailable as error:
        return error.retry_after
    return None


def test_one_tries_when_its_time_is_over(clock: Clock) -> None:
    breaker = Breaker(10, (httpx.TransportError,))
    error = httpx.ReadTimeout("no")
    pauses = []
    for _ in range(6):
        fail(breaker, clock, error, 1)
        pauses.append(refused(breaker) or 0)
        clock.now += pauses[-1]
        assert refused(breaker) is None
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1, LONGEST)
    with breaker.attempt() as trial:
        with pytest.raises(TenantUnavailable):
            breaker.attempt()
        trial.answered(200, is_lookup=True)
    with breaker.attempt(), breaker.attempt():
        pass


def test_who_tries_may_be_gone(clock: Clock) -> None:
    breaker = Breaker(10, (httpx.TransportError,))
    fail(breaker, clock, httpx.ConnectError("no"), 0)
    clock.now += 1
    breaker.attempt()
    clock.now += 9
    with pytest.raises(TenantUnavailable):
        breaker.attempt()
    clock.now += 1
    breaker.attempt()


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500, 503])
def test_what_was_said_to_one_user_counts_for_nobody_else(status: int) -> None:
    breaker = Breaker(10, (httpx.TransportError,))
    with breaker.attempt() as attempt:
        attempt.answered(status, is_lookup=False)
    assert refused(breaker) is None


def test_what_it_publishes_is_for_all(clock: Clock) -> None:
    breaker = Breaker(10, (httpx.TransportError,))
    with breaker.attempt() as attempt:
        attempt.answered(503, is_lookup=True)
    assert refused(breaker) == 1


def test_a_tenant_that_answers_others_is_only_slow(clock: Clock) -> None:
    breaker = Breaker(10, (httpx.TransportError,))
    slow, quick = breaker.attempt(), breaker.attempt()
    clock.now += 5
    quick.answered(200, is_lookup=False)
    clock.now += 5
    slow.__exit__(httpx.ReadTimeout, httpx.ReadTimeout("no"), None)
    assert refused(breaker) is None


@pytest.mark.parametrize(("took", "pause"), [(1, None), (8, 4)])
def test_who_gives_up_has_to_have_waited(
    clock: Clock, took: float, pause: int | None
) -> None:
    breaker = Breaker(10, (httpx.TransportError,))
    fail(breaker, clock, asyncio.CancelledError(), took)
    assert refused(breaker) == pause


@pytest.fixture
def app(make: Callable[[], Flask]) -> Flask:
    return make()


@pytest.fixture
def make(options: dict[str, t.Any], way: Proxy) -> Callable[[], Flask]:
    """Make apps whose way to the tenant it is."""
    return lambda: make_app(options, way)


def make_app(options: dict[str, t.Any], way: Proxy) -> Flask:
    app, auth0 = Flask(__name__), Auth0()
    app.config.update(TESTING=True)
    domain = f"127.0.0.1:{way.port}"
    more = {"domain": domain, "timeout": LIMIT, "scope": OFFLINE, "secret": SECRET}
    auth0.init_app(app, **{**options, **more})

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token(force_refresh=True)

    @app.get("/user")
    def user() -> t.Any:
        return auth0.get_user() or {}

    return app


@pytest.fixture
def connections(way: Proxy, monkeypatch: pytest.MonkeyPatch) -> list[socket.socket]:
    """The connections that were made to the tenant."""
    made: list[socket.socket] = []
    connect = way._connect

    def counted(client: socket.socket) -> socket.socket:
        made.append(client)
        return connect(client)

    monkeypatch.setattr(way, "_connect", counted)
    return made


def post_of(app: Flask, token: str) -> int:
    client = app.test_client()
    answer = client.post("/backchannel-logout", data={"logout_token": token})
    return answer.status_code


FOREIGN = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vYm9keSJ9."
    "eyJpc3MiOiJodHRwczovL2V2aWwuZXhhbXBsZS5jb20vIn0.AAAA"
)
ROUTES: dict[str, tuple[Callable[[Flask], int], int]] = {
    "login": (lambda app: get(app, "/login"), 503),
    "callback": (lambda app: get(app, "/callback?code=a&state=b"), 503),
    "logout": (lambda app: get(app, "/logout"), 302),
    "backchannel": (lambda app: post_of(app, FOREIGN), 503),
}


def get(app: Flask, path: str) -> int:
    client = app.test_client()
    return client.get(path, base_url=HOST, headers=NAVIGATION).status_code


def test_strangers_hold_no_threads(
    make: Callable[[], Flask], way: Proxy, connections: list[socket.socket]
) -> None:
    way.freeze()
    apps = [(ask, make(), status) for ask, status in ROUTES.values()]
    visits = apps * 8
    with ThreadPoolExecutor(len(visits)) as threads:
        assert all(threads.map(is_answered, visits))
        # One has asked for each app, and the others have waited for its answer.
        assert len(connections) <= len(ROUTES)
        before = len(connections)
        assert all(threads.map(is_answered, visits))
        assert len(connections) == before
    way.thaw()


def is_answered(visit: tuple[Callable[[Flask], int], Flask, int]) -> bool:
    ask, app, status = visit
    return ask(app) == status


@pytest.mark.parametrize("token", ["x", "x.y.z", "eyJhbGciOiJub25lIn0.e30.", "a.b."])
def test_rubbish_is_refused_without_a_look(
    app: Flask, connections: list[socket.socket], token: str
) -> None:
    assert post_of(app, token) == 400
    assert connections == []


def forget(app: Flask) -> None:
    """Let what the tenant has told be of more than ten minutes ago."""
    for known in state_of(app).client._discovery_cache.values():
        known["expires_at"] = 0


def test_what_it_has_told_is_good_while_it_is_away(
    app: Flask,
    way: Proxy,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    way.cut()
    for _ in range(2):
        forget(app)
        assert "/authorize" in visitor.get("/login?prompt=login").location
        assert "/oidc/logout" in visitor.get("/logout").location
    token = make_token(tenant.tenant, sub="somebody")
    assert post_of(app, token) in {200, 501}
    forget(app)
    monkeypatch.setattr(discovery, "LONGEST_BELIEVED", -1)
    assert visitor.get("/login").status_code == 503
    assert "/v2/logout" in visitor.get("/logout").location


def test_a_refresh_costs_nothing_meanwhile(
    app: Flask, way: Proxy, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    way.cut()
    assert visitor.fetch("/token").status_code == 503
    way.restore()
    tenant.tenant.token_requests.clear()
    answer = visitor.fetch("/token")
    if refused(state_of(app).client.breaker):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert tenant.tenant.token_requests == []
    until(lambda: visitor.fetch("/token").status_code == 200, "it is back")


def test_a_callback_meanwhile_can_be_repeated(
    app: Flask, way: Proxy, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(app)
    visitor.log_in()
    callback = visitor.authorize(visitor.get("/login?prompt=login"))
    state_of(app).client.breaker.failed(float("inf"))
    assert visitor.get(callback).status_code == 503
    until(lambda: visitor.get(callback).status_code == 302, "it is back")
