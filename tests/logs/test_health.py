"""``auth0.health()``, for a view that load balancers ask."""

from __future__ import annotations

import dataclasses
import socket
import time
import typing as t
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask, jsonify, request

from flask_auth0 import Auth0
from tests.fixtures.apps import PATIENT
from tests.harness.own_stores import SimpleStore
from tests.harness.proxy import Proxy, proxied
from tests.harness.visitor import MakeApp

#: Seconds that something which hangs is waited for.
SHORT = 0.2


@pytest.fixture
def to_redis(redis_url: str) -> Iterator[Proxy]:
    def connect(client: socket.socket) -> socket.socket:
        return socket.create_connection(("127.0.0.1", urlsplit(redis_url).port or 0))

    with proxied(connect) as proxy:
        yield proxy


def asked(app: Flask, limit: float = PATIENT) -> t.Any:
    if "healthz" not in app.view_functions:
        auth0 = Auth0()

        @app.get("/healthz")
        async def healthz() -> t.Any:
            health = auth0.health(timeout=request.args.get("limit", 0.0, float))
            assert dataclasses.asdict(health)["ok"] is health.ok
            return jsonify(health), 200 if health.ok else 503

    answer = app.test_client().get(f"/healthz?limit={limit}")
    told: dict[str, t.Any] = answer.get_json()
    assert answer.status_code == (200 if told.pop("ok") else 503)
    return told


def test_of_sessions_in_cookies(app: Flask) -> None:
    assert asked(app) == {"session_store": "not_checked", "tenant": "ok"}


def test_of_a_store_of_the_apps_own(make_app: MakeApp) -> None:
    app = make_app(state_store=SimpleStore())
    assert asked(app) == {"session_store": "not_checked", "tenant": "ok"}


def test_of_a_store_that_is_down_or_hangs(make_app: MakeApp, to_redis: Proxy) -> None:
    url = f"redis://127.0.0.1:{to_redis.port}/3"
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": url})
    assert asked(app) == {"session_store": "ok", "tenant": "ok"}
    to_redis.freeze()
    began = time.monotonic()
    assert asked(app, SHORT)["session_store"] == "session_store_unavailable"
    # Otherwise it would wait as long as requests may.
    assert time.monotonic() - began < PATIENT / 2
    to_redis.thaw()
    to_redis.cut()
    assert asked(app) == {"session_store": "session_store_unavailable", "tenant": "ok"}


def test_of_a_tenant_that_is_down(make_app: MakeApp) -> None:
    app = make_app(domain="127.0.0.1:9")
    told = {"session_store": "not_checked", "tenant": "tenant_unreachable"}
    assert asked(app) == told


def test_of_a_tenant_that_does_not_answer(make_app: MakeApp, way: Proxy) -> None:
    app = make_app(domain=f"127.0.0.1:{way.port}")
    way.freeze()
    assert asked(app, SHORT)["tenant"] == "tenant_unavailable"
    way.thaw()
