"""Back ends that hang or are slow, and what pages say meanwhile."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import signal
import socket
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from flask_auth0 import Auth0Error, SessionStoreUnavailable
from tests.contracts.outage import LEEWAY, LIMIT, add_views, check_unavailable
from tests.harness.deadlines import within
from tests.harness.processes import Service, stopped_at_the_end, until
from tests.harness.proxy import Proxy
from tests.harness.redis_cluster import Cluster
from tests.harness.redis_server import free_port
from tests.harness.visitor import ADA, MakeApp, MakeVisitor


@pytest.mark.parametrize(
    "settings",
    [
        {"SESSION_TYPE": "mongodb", "SESSION_MONGODB": "mongodb://u:pw@127.0.0.1:%d"},
        {"SESSION_TYPE": "redis", "SESSION_REDIS": "redis+cluster://:pw@127.0.0.1:%d"},
        {
            "SESSION_TYPE": "redis",
            "SESSION_REDIS": "redis+sentinel://:pw@127.0.0.1:%d/s",
        },
        {"SESSION_TYPE": "redis", "SESSION_REDIS": "rediss://:pw@127.0.0.1:%d"},
    ],
    ids=["mongodb", "cluster", "sentinel", "tls"],
)
def test_a_port_that_never_answers(make_app: MakeApp, settings: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = {k: v.replace("%d", str(port)) for k, v in settings.items()}
        with (
            within(2 * LIMIT + LEEWAY),
            pytest.raises(
                Auth0Error, match=rf"SESSION_\w+ (names|asks for TLS).*{port}"
            ) as caught,
        ):
            make_app(settings, session_store_timeout=LIMIT)
    assert "pw" not in str(caught.value)


def test_a_process_that_is_stopped_killed_and_started_again(
    make_app: MakeApp, make_visitor: MakeVisitor, redis_binary: str, tmp_path: Path
) -> None:
    port = free_port()
    command = [redis_binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]

    def answers() -> bool:
        with contextlib.suppress(OSError, Exception), Redis(port=port) as client:
            return bool(client.ping())
        return False

    with stopped_at_the_end(Service("redis", command, tmp_path)) as service:
        service.wait_until(answers, "answers PING")
        url = f"redis://127.0.0.1:{port}"
        app = make_app(
            {"SESSION_TYPE": "redis", "SESSION_REDIS": url}, session_store_timeout=LIMIT
        )
        add_views(app)
        visitor = make_visitor(app)
        visitor.log_in()
        assert visitor.user()["email"] == ADA
        os.kill(service.process.pid, signal.SIGSTOP)
        check_unavailable(visitor)
        os.kill(service.process.pid, signal.SIGCONT)
        assert visitor.user()["email"] == ADA
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        check_unavailable(visitor)
    with stopped_at_the_end(Service("redis", command, tmp_path)):
        until(answers, "answers PING")
        assert visitor.user() is None
        visitor.log_in()
        assert visitor.user()["email"] == ADA


def test_a_master_of_a_cluster_hangs(
    make_app: MakeApp, make_visitor: MakeVisitor, cluster: Cluster
) -> None:
    cluster.flush()
    # Of this, a sixth is the time that each of its servers has for a healthy login.
    limit = 3 * LIMIT
    app = make_app(
        {
            "SESSION_TYPE": "redis",
            "SESSION_REDIS": f"redis://127.0.0.1:{cluster.ports[0]}",
        },
        session_store_timeout=limit,
    )
    visitors = [make_visitor(app) for _ in range(4)]
    for visitor in visitors:
        visitor.log_in()
        assert visitor.user()["email"] == ADA
    with stopped(cluster.nodes[1].process.pid):
        for visitor in visitors:
            with within(limit + LEEWAY):
                assert visitor.get("/profile").status_code in {200, 503}
            with within(LEEWAY):
                assert visitor.get("/").status_code == 200

    def all_are_back() -> bool:
        return all(v.fetch("/profile").status_code == 200 for v in visitors)

    until(all_are_back, "the cluster is whole again")


def test_a_server_of_a_cluster_hangs_that_has_all_that_is_asked_for(
    make_app: MakeApp, cluster: Cluster
) -> None:
    url = f"redis://127.0.0.1:{cluster.ports[0]}"
    app = make_app(
        {"SESSION_TYPE": "redis", "SESSION_REDIS": url}, session_store_timeout=LIMIT
    )
    back_end = t.cast("t.Any", app.session_interface).back_end
    names, port = map(str, itertools.count()), cluster.ports[1]
    there = (n for n in names if back_end.client.get_node_from_key(n).port == port)
    keys = list(itertools.islice(there, 2))

    def ask() -> bool:
        with app.test_request_context():
            return len(back_end.ask(back_end.fetch_together, *keys)) == len(keys)

    def is_back() -> bool:
        with contextlib.suppress(SessionStoreUnavailable):
            return ask()
        return False

    # Its connection is open then.
    until(is_back, "the cluster answers")
    unavailable = pytest.raises(SessionStoreUnavailable)
    with stopped(cluster.nodes[1].process.pid), within(LIMIT + LEEWAY), unavailable:
        ask()
    until(is_back, "the cluster is whole again")


@contextlib.contextmanager
def stopped(process: int) -> Iterator[None]:
    """Let a process hang."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_a_slow_back_end_is_not_waited_for_again_and_again(
    redis_app: Flask,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = t.cast("t.Any", redis_app.session_interface).client

    read = client.read

    def read_slowly(*command: t.Any) -> t.Any:
        # Slow is what is tested, and short of the limit of a single call.
        time.sleep(0.3)
        return read(*command)

    @redis_app.get("/many")
    def many() -> t.Any:
        interface = t.cast("t.Any", redis_app.session_interface)
        return [interface._retrieve_session_data("x") for _ in range(9)]

    visitor = make_visitor(redis_app)
    visitor.log_in()
    monkeypatch.setattr(client, "read", read_slowly)
    with within(LIMIT + LEEWAY), caplog.at_level(logging.WARNING):
        assert visitor.get("/many").status_code == 503


def test_right_after_a_login_pages_answer_as_well(
    redis_app: Flask, make_visitor: MakeVisitor, redis_proxy: Proxy
) -> None:
    """The extension looks at the first request after a login, whatever its page."""
    visitor = make_visitor(redis_app)
    visitor.log_in()
    redis_proxy.freeze()
    with within(LIMIT + LEEWAY):
        assert visitor.get("/").status_code == 200
    for path in ["/user", "/count", "/profile"]:
        assert visitor.fetch(path).status_code == 503
