"""A lock is held by one process at a time, and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import typing as t
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from flask_auth0.client import locks
from flask_auth0.client.locks import leased
from flask_auth0.runtime import loop
from flask_auth0.sessions.stores.base import BackEnd
from flask_auth0.sessions.stores.lease import LEASE, Lock
from flask_auth0.sessions.stores.redis import RedisBackEnd
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd
from tests.fixtures.rounds import Rounds
from tests.harness.processes import until

from .locking import Other, make_store, other_process, work
from .matrix import LOCKS_OUTSIDE, MATRIX, settings_of

REDIS = ["redis", "cluster"]
#: Each way to keep a lock that outlasts its process.
OUTLASTING = ["redis", "postgresql", "sqlite"]


@pytest.fixture(params=LOCKS_OUTSIDE)
def settings(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    """Each back end, with no lock taken."""
    return settings_of(request.param, request)


@pytest.fixture
def store(settings: dict[str, t.Any]) -> BackEnd:
    return make_store(settings)


@pytest.fixture(scope="module")
def other() -> Iterator[Other]:
    with other_process() as other:
        yield other


def test_one_process_has_it(
    settings: dict[str, t.Any],
    store: BackEnd,
    other: Other,
    tmp_path: Path,
    rounds: Rounds,
) -> None:
    other.use(settings)
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
    times = rounds(short=25, full=200)
    other.tell("work", f"{times} {tmp_path}")
    work(store, tmp_path, times)
    assert other.answer() == "done"


def test_it_ends_soon_after_its_process(request: pytest.FixtureRequest) -> None:
    """Each place is waited for at the same time, as a lease takes seconds."""
    held: list[BackEnd] = []
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(other_process()) for _ in OUTLASTING]
        for kind, other in zip(OUTLASTING, others, strict=True):
            settings = settings_of(kind, request)
            other.use(settings)
            assert other.ask("take", "a") == "held"
            held.append(make_store(settings))
            assert held[-1].try_lock("a") is None
        for other in others:
            other.kill()

    def are_free() -> bool:
        held[:] = [store for store in held if store.try_lock("a") is None]
        return not held

    until(are_free, "all locks are free", LEASE + 2, every=0.2)


@pytest.mark.parametrize("settings", REDIS, indirect=True)
def test_it_ends_soon_and_is_renewed_while_somebody_has_it(
    store: RedisBackEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "RENEWAL", 0.05)
    key = "flask_auth0.lock:a"
    left: list[int] = []

    async def have_a_turn() -> None:
        async with leased(store, "a"):
            left.append(store.client.pttl(key))
            store.client.pexpire(key, 1000)
            while left[-1] <= 1000:
                await asyncio.sleep(0.01)
                left.append(store.client.pttl(key))

    loop.run(have_a_turn(), 10)
    assert 0 < max(left) <= LEASE * 1000
    assert not store.client.exists(key)


@pytest.mark.parametrize("settings", MATRIX, indirect=True)
class TestLostLocks:
    """A process that stood still for too long learns of it, and takes no lock away."""

    def test_one_that_nobody_has_taken_meanwhile(self, store: BackEnd) -> None:
        mine = store.try_lock("a")
        assert mine is not None
        assert mine.renew()
        mine.release()
        assert not mine.renew()

    def test_one_that_somebody_has_taken_meanwhile(
        self, store: BackEnd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("flask_auth0.sessions.stores.lease.LEASE", 1)
        mine = store.try_lock("a")
        assert mine is not None
        taken: list[Lock | None] = []

        def take() -> bool:
            taken.append(store.try_lock("a"))
            return taken[-1] is not None

        until(take, "the lock is free")
        theirs = taken[-1]
        assert theirs is not None
        assert not mine.renew()
        mine.release()
        # The lock still belongs to the other process.
        assert theirs.renew()
        assert store.try_lock("a") is None


@pytest.mark.parametrize("settings", ["postgresql", "sqlalchemy"], indirect=True)
def test_locks_that_nobody_has_let_go_of_are_removed(store: SqlBackEnd) -> None:
    assert store.try_lock("old") is not None
    long_ago = datetime(2020, 1, 1)
    with store.engine.connect() as connection:
        connection.execute(store.locks.update().values(expiry=long_ago))
    assert store.try_lock("a") is not None
    rest: t.Any = None
    while (pruned := store.prune(rest)).rest is not None:
        assert pruned.removed == 0
        rest = pruned.rest
    with store.engine.connect() as connection:
        names = connection.scalars(sa.select(store.locks.c.name)).all()
    assert names == ["flask_auth0.lock:a"]
