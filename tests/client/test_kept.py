"""Connections to the tenant that are dead, and of which nobody has said so."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import typing as t
import weakref
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.client.kept_connections import KeptTransport, Trace, socket_options
from flask_auth0.client.thread_http import ThreadHttp
from tests.harness.proxy import Proxy
from tests.harness.visitor import SECRET, MakeVisitor, Visitor

LIMIT = 3
OFFLINE = "openid profile email offline_access"


@pytest.fixture
def visitor(
    options: dict[str, t.Any], way: Proxy, make_visitor: MakeVisitor
) -> Visitor:
    """Somebody who is logged in, with connections of each kind kept."""
    app, auth0 = Flask(__name__), Auth0()
    app.config.update(TESTING=True)
    more = {"timeout": LIMIT, "scope": OFFLINE, "secret": SECRET}
    auth0.init_app(app, **{**options, **more, "domain": f"127.0.0.1:{way.port}"})

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token(force_refresh=True)

    visitor = make_visitor(app)
    for _ in range(2):
        visitor.log_in()
    assert visitor.fetch("/token").status_code == 200
    return visitor


def test_a_look_is_repeated_on_a_new_connection(visitor: Visitor, way: Proxy) -> None:
    way.lose()
    state_of(visitor.app).client.discovery._told.clear()
    assert "/authorize" in visitor.get("/login?prompt=login").location


OUTCOMES = {"login": 302, "refresh": 200}


def prepare(kind: str, visitor: Visitor) -> str:
    """The next request, with which the tenant gets one token request."""
    if kind == "refresh":
        return "/token"
    return visitor.authorize(visitor.get("/login?prompt=login"))


def at_once(kind: str, visitors: list[Visitor]) -> list[int]:
    paths = [prepare(kind, each) for each in visitors]
    with ThreadPoolExecutor(len(visitors)) as threads:
        return list(threads.map(lambda v, p: v.fetch(p).status_code, visitors, paths))


@pytest.fixture
def given_up(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the connections that are kept have been given up.

    A refresh goes on for a moment when nobody waits for it any more.
    """
    event = threading.Event()
    for kind in (KeptTransport, ThreadHttp):
        monkeypatch.setattr(kind, "_give_up", _telling(kind._give_up, event))
    return event


def _telling(give_up: t.Callable[..., None], event: threading.Event) -> t.Any:
    def call(*args: t.Any) -> None:
        give_up(*args)
        event.set()

    return call


@pytest.mark.parametrize("kind", list(OUTCOMES))
def test_one_event_costs_one_wait(
    visitor: Visitor,
    make_visitor: MakeVisitor,
    way: Proxy,
    given_up: threading.Event,
    kind: str,
) -> None:
    tenant, breaker = (
        visitor.tenant.tenant,
        state_of(visitor.app).client.transports.breakers.only,
    )
    visitors = [visitor, make_visitor(visitor.app), make_visitor(visitor.app)]
    for each in visitors[1:]:
        each.log_in()
    # Several at once have a connection each, and all of them are kept.
    tenant.fail_next_token_request(status=None, delay=0.5, count=len(visitors))
    assert at_once(kind, visitors) == [OUTCOMES[kind]] * len(visitors)
    prepared = [prepare(kind, each) for each in visitors[:2]]
    tenant.token_requests.clear()
    way.lose()
    assert visitors[0].fetch(prepared[0]).status_code == 503
    # A refresh token that was sent may be spent, so it is not sent once more.
    assert tenant.token_requests == []
    assert given_up.wait(2 * LIMIT)
    breaker.heard()
    assert visitors[1].fetch(prepared[1]).status_code == OUTCOMES[kind]
    assert len(tenant.token_requests) == 1


@pytest.mark.parametrize(
    ("method", "events", "expected"),
    [
        ("GET", [], True),
        ("GET", ["http11.send_request_body.complete"], True),
        ("GET", ["http11.receive_response_headers.complete"], False),
        ("GET", ["connection.connect_tcp.started"], False),
        ("POST", [], True),
        ("POST", ["http11.send_request_headers.complete"], True),
        ("POST", ["http11.send_request_body.complete"], False),
        ("POST", ["connection.connect_tcp.started"], False),
    ],
)
def test_what_may_be_repeated(method: str, events: list[str], expected: bool) -> None:
    trace = Trace(events=set(events))
    assert trace.may_repeat(method) is expected


def test_the_system_looks_for_dead_connections() -> None:
    with socket.socket() as made:
        for option in socket_options(10):
            made.setsockopt(*option)
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


class Waiting(httpx.AsyncBaseTransport):
    """Connections whose end waits for the other side, as TLS does."""

    def __init__(self) -> None:
        self.begins, self.ends = asyncio.Event(), asyncio.Event()
        #: What the end waits for, which is in nobody else's hands.
        self.awaited: weakref.ref[asyncio.Future[None]] | None = None

    async def aclose(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self.awaited = weakref.ref(future)
        self.begins.set()
        await future
        self.ends.set()


def test_the_collector_leaves_no_connection_open() -> None:
    """The event loop refers to its tasks only weakly."""

    async def close() -> None:
        waiting = Waiting()
        KeptTransport(lambda: waiting, linger=0).close_soon()
        await asyncio.wait_for(waiting.begins.wait(), LIMIT)
        gc.collect()
        assert waiting.awaited is not None
        future = waiting.awaited()
        assert future is not None
        future.set_result(None)
        await asyncio.wait_for(waiting.ends.wait(), LIMIT)

    asyncio.run(close())
