"""``PERMANENT_SESSION_LIFETIME`` as a time without requests, wherever sessions live."""

from __future__ import annotations

import time
import typing as t
from datetime import timedelta

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from flask_session import Session
from redis import Redis

from flask_auth0 import Auth0
from tests.harness.clock import Clock
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor, add_views

LIMIT = 600
LONGEST = 259200


@pytest.fixture
def clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    # Flask's own interface signs with the time of itsdangerous.
    monkeypatch.setattr("itsdangerous.timed.time", clock)
    return clock


class OwnInterface(SecureCookieSessionInterface):
    """A session interface of the app's own."""


@pytest.fixture(params=["cookies", "redis", "own cookies", "own redis"])
def app(
    request: pytest.FixtureRequest, options: dict[str, t.Any], redis_url: str
) -> Flask:
    app = Flask(__name__)
    app.config.update(TESTING=True, PERMANENT_SESSION_LIFETIME=LIMIT)
    if request.param == "own cookies":
        app.session_interface = OwnInterface()
    if request.param.endswith("redis"):
        database = f"{redis_url}/5"
        app.config.update(SESSION_TYPE="redis", SESSION_REDIS=database)
    if request.param == "own redis":
        app.config["SESSION_REDIS"] = Redis.from_url(database)
        Session(app)
    Auth0(app, **options)
    add_pages(app)
    return app


def add_pages(app: Flask) -> None:
    add_views(app)

    @app.get("/put")
    def put() -> str:
        session.permanent = True
        session["cart"] = "book"
        return "put"

    @app.get("/cart")
    def cart() -> t.Any:
        return {"cart": session.get("cart")}


@pytest.fixture
def cookies(options: dict[str, t.Any]) -> Flask:
    app = Flask(__name__)
    app.config.update(TESTING=True, PERMANENT_SESSION_LIFETIME=LIMIT)
    Auth0(app, **options)
    add_pages(app)
    return app


class Stored:
    """Flask's sessions, as Redis has them."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def _keys(self) -> list[t.Any]:
        return list(self.redis.scan_iter("session:*"))

    def seconds_left(self) -> list[int]:
        return [self.redis.ttl(key) for key in self._keys()]

    def expire(self, seconds: int) -> None:
        for key in self._keys():
            self.redis.expire(key, seconds)


@pytest.fixture
def stored(redis_url: str) -> t.Iterator[Stored]:
    with Redis.from_url(f"{redis_url}/5") as redis:
        redis.flushdb()
        yield Stored(redis)


def cart_of(visitor: Visitor) -> t.Any:
    return visitor.fetch("/cart").get_json()["cart"]


def test_who_is_active_stays(visitor: Visitor, clock: Clock) -> None:
    visitor.log_in()
    visitor.get("/put")
    for _ in range(10):
        clock.offset += LIMIT - LIMIT / 4
        assert visitor.user()["email"] == ADA
        assert cart_of(visitor) == "book"


def test_who_is_idle_does_not(visitor: Visitor, clock: Clock) -> None:
    visitor.log_in()
    visitor.get("/put")
    clock.offset += LIMIT - LIMIT / 4
    assert visitor.user()["email"] == ADA
    clock.offset += LIMIT + 1
    assert visitor.user() is None
    assert cart_of(visitor) is None


@pytest.mark.parametrize("app", ["cookies", "own cookies"], indirect=True)
def test_nobody_outlasts_the_absolute_duration(visitor: Visitor, clock: Clock) -> None:
    visitor.log_in()
    while clock.offset + LIMIT * 0.9 < LONGEST:
        clock.offset += LIMIT * 0.9
        assert visitor.user()["email"] == ADA
    clock.offset = LONGEST + 1
    assert visitor.user() is None


def expiry_of(visitor: Visitor) -> float:
    cookie = visitor.client.get_cookie("session", domain="localhost")
    assert cookie is not None
    assert cookie.expires is not None
    return cookie.expires.timestamp() - time.time()


@pytest.mark.parametrize("app", ["cookies", "redis"], indirect=True)
def test_neither_browser_nor_server_forgets_who_is_active(
    visitor: Visitor, stored: Stored
) -> None:
    visitor.log_in()
    assert LONGEST - 10 < expiry_of(visitor) <= LONGEST
    assert all(LONGEST - 10 < each <= LONGEST for each in stored.seconds_left())


@pytest.mark.parametrize("app", ["own redis"], indirect=True)
def test_flask_sessions_own_interface_writes_it_again(
    visitor: Visitor, stored: Stored, clock: Clock
) -> None:
    visitor.log_in()
    stored.expire(300)
    visitor.user()
    assert stored.seconds_left() == [300]
    clock.offset += 300
    visitor.user()
    assert stored.seconds_left() == [LIMIT]


def test_a_limit_that_is_set_later(
    cookies: Flask, make_visitor: MakeVisitor, clock: Clock
) -> None:
    visitor = make_visitor(cookies)
    cookies.permanent_session_lifetime = timedelta(seconds=2 * LIMIT)
    visitor.log_in()
    clock.offset = 2 * LIMIT - 10
    assert visitor.user()["email"] == ADA
    cookies.permanent_session_lifetime = timedelta(seconds=LIMIT)
    clock.offset += LIMIT + 10
    assert visitor.user() is None


def test_what_an_anonymous_visitor_keeps_lasts_as_flask_says(
    cookies: Flask, make_visitor: MakeVisitor, clock: Clock
) -> None:
    visitor = make_visitor(cookies)
    visitor.get("/put")
    assert LIMIT - 10 < expiry_of(visitor) <= LIMIT
    clock.offset = LIMIT - 10
    assert cart_of(visitor) == "book"
    clock.offset = LIMIT + 10
    assert cart_of(visitor) is None


@pytest.mark.parametrize(
    ("config", "more"),
    [
        ({"SESSION_REFRESH_EACH_REQUEST": False}, {}),
        ({}, {"session_rolling": False}),
    ],
    ids=["no refresh", "no rolling"],
)
def test_a_limit_for_who_is_active_as_well(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    config: dict[str, t.Any],
    more: dict[str, t.Any],
) -> None:
    """Where the app wants no request to renew its session, the start says it."""
    app = make_app({**config, "PERMANENT_SESSION_LIFETIME": LIMIT}, **more)
    assert "however active the user is" in caplog.text
    visitor = make_visitor(app)
    visitor.log_in()
    clock.offset = LIMIT - 10
    assert visitor.user()["email"] == ADA
    clock.offset = LIMIT + 10
    assert visitor.user() is None
