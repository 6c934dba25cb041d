"""Sessions in Redis, one server or a cluster, and notes of logouts there."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import redis
from redis.connection import AbstractConnection

from tests.harness.redis_cluster import running_cluster
from tests.harness.redis_server import find_binary

from . import Commands, Place

#: What only reads.
_READING = frozenset({"get", "mget", "exists", "ttl", "zrange", "zrangebyscore"})
#: What this benchmark itself asks, and what a client says to begin with.
_OURS = {"info", "config", "config|get", "config|resetstat", "flushdb", "cluster"}
_OURS |= {"hello", "client", "client|setinfo", "select", "command", "ping", "readonly"}


@contextmanager
def running(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Take a database of the Redis that runs."""
    url = f"{redis_url}/9"
    with redis.Redis.from_url(url) as client, _waits() as waits:
        yield Place(
            "Redis",
            _version(client),
            {"SESSION_TYPE": "redis", "SESSION_REDIS": url},
            lambda: float(client.info("memory")["used_memory"]),
            "``used_memory``",
            lambda: _asked([client]),
            _READING,
            "in_memory",
            trips=waits,
        )


@contextmanager
def cluster(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Run a cluster of three masters."""
    binary = find_binary()
    if binary is None:
        yield None
        return
    with running_cluster(binary, folder) as found, ExitStack() as stack:
        clients = [stack.enter_context(redis.Redis(port=port)) for port in found.ports]
        waits = stack.enter_context(_waits())
        yield Place(
            "Redis Cluster",
            _version(clients[0]),
            {
                "SESSION_TYPE": "redis",
                "SESSION_REDIS": f"redis+cluster://127.0.0.1:{found.ports[0]}",
            },
            None,
            "",
            lambda: _asked(clients),
            _READING,
            "in_memory",
            trips=waits,
        )


@contextmanager
def revocations(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Take a database for the logouts of sessions in cookies."""
    url = f"{redis_url}/10"
    with redis.Redis.from_url(url) as client, _waits() as waits:
        yield Place(
            "cookies, AUTH0_REVOCATION_STORE",
            _version(client),
            {"AUTH0_REVOCATION_STORE": url},
            None,
            "",
            lambda: _asked([client]),
            _READING,
            "in_memory",
            trips=waits,
        )


@contextmanager
def _waits() -> Iterator[Callable[[], int]]:
    """Count how often clients of redis-py wait for what they have sent.

    What goes to several servers at once is waited for once.
    """
    send, read = (
        AbstractConnection.send_packed_command,
        AbstractConnection.read_response,
    )
    waits, is_sent = [0], [False]

    def sent(self: AbstractConnection, *args: t.Any, **kwargs: t.Any) -> None:
        is_sent[0] = True
        send(self, *args, **kwargs)

    def answered(self: AbstractConnection, *args: t.Any, **kwargs: t.Any) -> t.Any:
        waits[0] += is_sent[0]
        is_sent[0] = False
        return read(self, *args, **kwargs)

    counted: dict[str, t.Any] = {"send_packed_command": sent, "read_response": answered}
    with mock.patch.multiple(AbstractConnection, **counted):
        yield lambda: waits[0]


def _version(client: redis.Redis) -> str:
    return str(client.info("server")["redis_version"])


def _asked(clients: Sequence[redis.Redis]) -> Commands:
    """Return what servers were asked, but for what asks that."""
    asked = Commands()
    for client in clients:
        for name, found in client.info("commandstats").items():
            asked[name.removeprefix("cmdstat_")] += found["calls"]
    return Commands({k: n for k, n in asked.items() if k not in _OURS})
