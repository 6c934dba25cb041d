"""Whatever happens in whatever order, everybody is in who must be, and nobody else."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from flask_auth0.client import server_client
from flask_auth0.tenant import TenantServer
from tests.fixtures.rounds import Rounds
from tests.harness.proxy import Proxy, proxied

from .machine import Sessions
from .world import HOMES, Clock, Home


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock.time)
    monkeypatch.setattr("jwt.api_jwt.datetime", clock.make_datetime())
    return clock


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let new keys be looked for whenever there are some, as time stands still."""
    monkeypatch.setattr(server_client, "INTERVAL_AT_LOGINS", 0)
    monkeypatch.setattr(server_client, "INTERVAL_FOR_STRANGERS", 0)


@pytest.fixture
def way(redis_url: str) -> Iterator[Proxy]:
    """A way to Redis that can be cut."""
    port = int(redis_url.rpartition(":")[2])
    with proxied(lambda _: socket.create_connection(("127.0.0.1", port))) as proxy:
        yield proxy


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(f"{redis_url}/9") as client:
        yield client


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_everybody_is_in_who_must_be(
    home: Home,
    tenant: TenantServer,
    way: Proxy,
    store: redis.Redis,
    clock: Clock,
    rounds: Rounds,
) -> None:
    parts = {"home": home, "tenant": tenant, "way": way, "store": store, "clock": clock}
    machine = type("Sessions", (Sessions,), parts)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=rounds(short=2, full=700),
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
