"""The servers that sessions can be kept on, and an app with its visitors."""

from __future__ import annotations

import contextlib
import shutil
import socket
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from tests.contracts.outage import LIMIT, MakeProxy, add_views
from tests.contracts.sessions import SessionContract
from tests.harness.dynamodb_server import running_dynamodb
from tests.harness.memcached_server import running_memcached
from tests.harness.missing import missing
from tests.harness.processes import Service, stopped_at_the_end
from tests.harness.proxy import Proxy, proxied
from tests.harness.redis_cluster import Cluster, running_cluster
from tests.harness.sentinel_server import running_sentinel
from tests.harness.visitor import MakeApp


@pytest.fixture(scope="session")
def memcached_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real Memcached."""
    binary = shutil.which("memcached")
    if binary is None:
        missing("memcached", "there is no Memcached: apt-get install memcached")
    with running_memcached(binary, tmp_path_factory.mktemp("memcached")) as port:
        yield port


@pytest.fixture(scope="session")
def cluster(
    redis_binary: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A real Redis Cluster."""
    with running_cluster(redis_binary, tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="session")
def dynamodb_url() -> Iterator[str]:
    """DynamoDB's API, served by moto in this process."""
    with running_dynamodb() as url:
        yield url


@pytest.fixture
def make_proxy() -> Iterator[t.Callable[[int], Proxy]]:
    """Make ways to servers that can be cut."""
    with contextlib.ExitStack() as stack:

        def make(port: int) -> Proxy:
            return stack.enter_context(
                proxied(lambda _: socket.create_connection(("127.0.0.1", port)))
            )

        yield make


@pytest.fixture
def sentinel(redis_binary: str, redis_url: str, tmp_path: Path) -> Iterator[str]:
    """A Sentinel that watches the real Redis as ``primary``."""
    port = redis_url.rpartition(":")[2]
    with running_sentinel(redis_binary, port, tmp_path) as address:
        yield address


@pytest.fixture
def redis_socket(
    redis_binary: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A real Redis on a Unix socket."""
    folder = tmp_path_factory.mktemp("socket")
    path = folder / "redis"
    command = [redis_binary, "--port", "0", "--unixsocket", str(path), "--save", ""]
    with stopped_at_the_end(Service("redis-socket", command, folder)) as service:
        service.wait_until(path.exists, "has its socket")
        yield str(path)


@pytest.fixture(autouse=True)
def closed(closed_clients: None) -> None:
    """No connection of a test's apps outlasts it."""


@pytest.fixture
def redis(redis_url: str) -> Iterator[t.Any]:
    """An empty Redis."""
    client: t.Any = Redis.from_url(redis_url)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def app_on_redis(make_app: MakeApp, redis: t.Any, redis_url: str) -> Flask:
    """An app with its sessions there."""
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url})
    SessionContract.add_views(app)
    return app


@pytest.fixture
def redis_proxy(redis_url: str, make_proxy: MakeProxy) -> Proxy:
    return make_proxy(int(redis_url.rpartition(":")[2]))


@pytest.fixture
def redis_app(make_app: MakeApp, redis_proxy: Proxy) -> Flask:
    url = f"redis://127.0.0.1:{redis_proxy.port}"
    app = make_app(
        {"SESSION_TYPE": "redis", "SESSION_REDIS": url}, session_store_timeout=LIMIT
    )
    add_views(app)
    return app
