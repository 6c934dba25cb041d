"""A lock is held by one process at a time, and ends with it."""

from __future__ import annotations

import asyncio
import threading
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from redis import Redis

from flask_auth0 import loop, turns
from flask_auth0.sessions.interface import LEASE, StoreInterface
from flask_auth0.sessions.stores import cachelib, sqlalchemy
from flask_auth0.sessions.stores.postgresql import PostgresLocks
from flask_auth0.sessions.stores.redis import RedisInterface
from flask_auth0.turns import Turns
from tests.harness.processes import until
from tests.harness.redis_cluster import Cluster

from .locking import Other, make_store, other_process, work

REDIS = ["redis", "cluster"]


@pytest.fixture(params=[*REDIS, "postgresql"])
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Each back end that has locks, with none taken."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}
    if request.param == "cluster":
        cluster: Cluster = request.getfixturevalue("cluster")
        cluster.flush()
        hosts = ",".join(f"127.0.0.1:{port}" for port in cluster.ports)
        url = f"redis+cluster://{hosts}"
    else:
        url = request.getfixturevalue("redis_url")
        with Redis.from_url(url) as client:
            client.flushdb()
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}


@pytest.fixture
def store(settings: dict[str, str]) -> StoreInterface:
    return make_store(settings)


@pytest.fixture
def other(settings: dict[str, str]) -> Iterator[Other]:
    with other_process(settings) as other:
        yield other


def test_one_process_has_it(
    store: StoreInterface, other: Other, tmp_path: Path
) -> None:
    mine = store.try_lock("a")
    assert mine is not None
    assert other.ask("take", "a") == "taken"
    assert other.ask("take", "b") == "held"
    assert store.try_lock("b") is None
    mine.release()
    assert other.ask("take", "a") == "held"
    assert store.try_lock("a") is None
    assert other.ask("let_go", "b") == "gone"
    assert store.try_lock("b") is not None
    # And so it is when both of them want it, again and again.
    other.tell("work", str(tmp_path))
    work(store, tmp_path, 200)
    assert other.answer() == "done"


def test_it_ends_with_its_process(store: StoreInterface, other: Other) -> None:
    assert other.ask("take", "a") == "held"
    assert store.try_lock("a") is None
    other.kill()
    until(lambda: store.try_lock("a"), "the lock is free", within=LEASE + 2)


@pytest.mark.parametrize("settings", REDIS, indirect=True)
def test_it_ends_soon_and_is_renewed_while_somebody_has_it(
    store: RedisInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_RENEWAL", 0.05)
    key = "flask_auth0.lock:a"
    left: list[int] = []

    async def have_a_turn() -> None:
        async with Turns().turn("a", store):
            left.append(store.client.pttl(key))
            store.client.pexpire(key, 1000)
            while left[-1] <= 1000:
                await asyncio.sleep(0.01)
                left.append(store.client.pttl(key))

    loop.run(have_a_turn(), 10)
    assert 0 < max(left) <= LEASE * 1000
    assert not store.client.exists(key)


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
class TestPostgres:
    """The locks of a process, which are those of its connection."""

    @pytest.fixture
    def database(self, postgres_folder: str) -> Iterator[psycopg.Connection[t.Any]]:
        with psycopg.connect(
            host=postgres_folder, user="postgres", autocommit=True
        ) as connection:
            yield connection

    @staticmethod
    def holders(database: psycopg.Connection[t.Any]) -> list[int]:
        """The server's processes that hold locks, each as often as it holds one."""
        found = database.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        )
        return [pid for (pid,) in found]

    def test_one_connection_has_all_locks(
        self, store: StoreInterface, database: psycopg.Connection[t.Any]
    ) -> None:
        held = [store.try_lock(f"key {number}") for number in range(20)]
        pids = self.holders(database)
        assert len(pids) == 20
        assert len(set(pids)) == 1
        for lock in held:
            assert lock is not None
            lock.release()
        assert self.holders(database) == []

    def test_a_fork_has_a_connection_of_its_own(
        self, store: StoreInterface, other: Other
    ) -> None:
        assert other.ask("take", "a") == "held"
        assert other.ask("fork", "a") == "taken"
        assert other.ask("fork", "b") == "held"
        # The one that was forked has ended, and what it had, but not what it came from.
        until(lambda: store.try_lock("b"), "the lock is free")
        assert store.try_lock("a") is None
        assert other.ask("let_go", "a") == "gone"
        assert store.try_lock("a") is not None

    def test_a_connection_that_is_lost(
        self,
        store: StoreInterface,
        other: Other,
        database: psycopg.Connection[t.Any],
    ) -> None:
        mine = store.try_lock("a")
        assert mine is not None
        (pid,) = self.holders(database)
        database.execute("SELECT pg_terminate_backend(%s)", [pid])
        until(lambda: other.ask("take", "a") == "held", "the lock is free")
        # What is sent over the connection first fails, and is tried once more.
        assert store.ask(lambda: store.try_lock("b")) is not None
        mine.release()
        assert store.try_lock("a") is None
        assert other.ask("let_go", "a") == "gone"
        assert store.try_lock("a") is not None


def test_nobody_waits_for_ever_for_the_connection_of_a_slow_server() -> None:
    asked, goes_on = threading.Event(), threading.Event()

    def connect() -> t.NoReturn:
        asked.set()
        goes_on.wait(10)
        raise OSError

    engine = sa.create_engine("postgresql+psycopg://", creator=connect)
    locks = PostgresLocks(engine, 0.1)

    def ask() -> None:
        with pytest.raises(OSError):  # noqa: PT011
            locks.try_lock("a")

    first = threading.Thread(target=ask)
    first.start()
    assert asked.wait(10)
    began = time.monotonic()
    with pytest.raises(sa.exc.TimeoutError):
        locks.try_lock("b")
    assert time.monotonic() - began < 5
    goes_on.set()
    first.join()


@pytest.mark.parametrize("kind", ["cachelib", "sqlite"])
def test_back_ends_without_locks_let_everybody_go_on(kind: str, tmp_path: Path) -> None:
    places = {
        "cachelib": (cachelib, {"SESSION_CACHELIB": str(tmp_path)}),
        "sqlite": (sqlalchemy, {"SESSION_SQLALCHEMY": f"sqlite:///{tmp_path}/db"}),
    }
    module, settings = places[kind]
    store = module.make_interface(Flask(__name__), settings, 2)
    locks = [store.try_lock("a") for _ in range(2)]
    for lock in locks:
        assert lock is not None
        lock.renew()
        lock.release()
