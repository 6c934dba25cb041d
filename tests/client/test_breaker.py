"""A tenant that does not answer: one request finds that out for all others."""

from __future__ import annotations

import socket
import typing as t
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from msgspec.structs import replace

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.client import discovery
from flask_auth0.client.discovery import FRESH
from flask_auth0.tenant import TenantServer
from tests.harness.breakers import refused
from tests.harness.logout_tokens import make_token
from tests.harness.processes import until
from tests.harness.proxy import Proxy
from tests.harness.visitor import HOST, NAVIGATION, SECRET, MakeVisitor

OFFLINE = "openid profile email offline_access"
LIMIT = 2


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
    told = state_of(app).client.discovery._told
    for what, each in told.items():
        told[what] = replace(each, at=each.at - FRESH)


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
    if refused(state_of(app).client.transports.breakers.only):
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
    state_of(app).client.transports.breakers.only.failed(float("inf"))
    assert visitor.get(callback).status_code == 503
    until(lambda: visitor.get(callback).status_code == 302, "it is back")
