"""Sessions in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from . import Commands, Place

#: What only reads.
READING = frozenset({"get", "mget", "exists", "ttl", "zrangebyscore"})
#: What this benchmark itself asks.
_OURS = {"info", "config", "config|get", "config|resetstat", "memory", "scan", "dbsize"}


@contextmanager
def running(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Take a database of the Redis that runs."""
    url = f"{redis_url}/9"
    with redis.Redis.from_url(url) as client:
        version = client.info("server")["redis_version"]
        yield Place(
            "Redis",
            version,
            {"SESSION_TYPE": "redis", "SESSION_REDIS": url},
            lambda: float(client.info("memory")["used_memory"]),
            "``used_memory``",
            lambda: asked(client),
            READING,
            "in_bulk",
        )


def asked(client: redis.Redis) -> Commands:
    """Return what a server was asked, but for what asks that."""
    found = client.info("commandstats")
    counts = {name.removeprefix("cmdstat_"): found[name]["calls"] for name in found}
    return Commands({k: n for k, n in counts.items() if k not in _OURS})
