"""Back ends that refuse to be written, while they can be read."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator
from pathlib import Path

from redis import Redis

if t.TYPE_CHECKING:
    pass

import typing as t
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.harness.processes import until

if t.TYPE_CHECKING:
    pass

#: Past the first step of the roll, and short of the inactivity duration.
LATER, TOO_LATE = 30 * 60, 25 * 3600


class Place(t.NamedTuple):
    """A back end, and what lets it refuse to be written."""

    settings: dict[str, t.Any]
    fault: Callable[[], AbstractContextManager[object]]
    #: Whether what is there can be removed meanwhile.
    forgets: bool = True


def redis_place(url: str, fault: t.Any, *, forgets: bool = True) -> Place:
    with Redis.from_url(url) as redis:
        redis.flushdb()
    settings = {"SESSION_TYPE": "redis", "SESSION_REDIS": url}
    return Place(settings, lambda: fault(url), forgets)


@contextlib.contextmanager
def full_redis(url: str) -> Iterator[None]:
    with Redis.from_url(url) as redis:
        redis.config_set("maxmemory", "1")
        try:
            yield
        finally:
            redis.config_set("maxmemory", "0")


@contextlib.contextmanager
def redis_replica(url: str) -> Iterator[None]:
    with Redis.from_url(url) as redis:
        # A replica keeps its data while there is no primary to copy from.
        redis.replicaof("127.0.0.1", "1")
        try:
            yield
        finally:
            redis.replicaof("NO", "ONE")


@contextlib.contextmanager
def read_only_postgres(folder: str) -> Iterator[None]:
    """Let all connections read only, those that are there as well."""
    import psycopg

    options = "-c default_transaction_read_only=off"
    with psycopg.connect(
        host=folder, user="postgres", autocommit=True, options=options
    ) as admin:

        def is_read_only() -> bool:
            with psycopg.connect(host=folder, user="postgres") as other:
                found = other.execute("SHOW default_transaction_read_only").fetchone()
            return found == ("on",)

        admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        admin.execute("SELECT pg_reload_conf()")
        try:
            until(is_read_only, "the server is read-only")
            yield
        finally:
            admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
            admin.execute("SELECT pg_reload_conf()")
            until(lambda: not is_read_only(), "the server can be written again")


@contextlib.contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    filling = folder / "filling"
    with contextlib.suppress(OSError), filling.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 512)
    try:
        yield
    finally:
        filling.unlink()
