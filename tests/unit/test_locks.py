"""A caller that stops waiting for a turn leaves no lock, and no limit used up."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
import typing as t

import pytest

from flask_auth0.client import locks as turns_module
from flask_auth0.client.locks import Renewals, leased
from flask_auth0.errors import SessionStoreUnavailable
from flask_auth0.runtime import loop
from flask_auth0.runtime.turns import Turns
from flask_auth0.sessions.stores.base import BackEnd
from flask_auth0.sessions.stores.lease import Lease
from tests.harness.processes import until


class FakeLock:
    """A lock that tells when it is released."""

    def __init__(self) -> None:
        self.is_released = threading.Event()

    def renew(self) -> bool:
        return True

    def release(self) -> None:
        self.is_released.set()


class SlowStore:
    """A back end that gives a lock when it is told to."""

    well_since = 0.0

    def __init__(self) -> None:
        self.lock = FakeLock()
        self.asked, self.goes_on = threading.Event(), threading.Event()

    def poll(self, work: t.Callable[..., t.Any], *args: t.Any) -> t.Any:
        return work(*args)

    def try_lock(self, key: str) -> FakeLock:
        self.asked.set()
        assert self.goes_on.wait(10)
        return self.lock


def test_a_lock_that_comes_too_late_is_released() -> None:
    """The process would hold it for ever, where it lasts as long as a connection."""
    store = SlowStore()

    async def have_a_turn() -> None:
        async with leased(t.cast(BackEnd, store), "a"):
            raise AssertionError

    with pytest.raises(TimeoutError):
        loop.run(have_a_turn(), 0.1)
    assert store.asked.is_set()
    store.goes_on.set()
    assert store.lock.is_released.wait(10)


def test_who_has_something_to_write_goes_first_after_an_outage() -> None:
    """A holder that took the lock sooner would use the spent refresh token."""
    store = SlowStore()
    store.goes_on.set()
    store.well_since = time.monotonic()
    asked_at: list[float] = []

    async def have_a_turn() -> None:
        async with leased(t.cast(BackEnd, store), "a"):
            asked_at.append(time.monotonic())

    loop.run(have_a_turn(), 10)
    assert asked_at[0] >= store.well_since + turns_module._PRECEDENCE > store.well_since


def test_turns_of_different_keys_do_not_wait_for_each_other() -> None:
    turns, done = Turns(), []

    async def both() -> None:
        async with turns.turn("a"):
            second = asyncio.create_task(again())
            async with turns.turn("b"):
                done.append("b")
            # The one that wants the same key has had its chance by now.
            await asyncio.sleep(0)
            done.append("a")
        await second

    async def again() -> None:
        async with turns.turn("a"):
            done.append("a again")

    loop.run(both(), 10)
    assert done == ["b", "a", "a again"]


class CountedLease:
    """A lease that tells when it has been renewed."""

    is_over = False

    def __init__(self, age: float = 1) -> None:
        self.age = age
        self.is_renewed = threading.Event()

    def renew(self) -> bool:
        self.is_renewed.set()
        raise SessionStoreUnavailable


def test_one_task_renews_all_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a failure, and after a while in which there were none."""
    monkeypatch.setattr(turns_module, "RENEWAL", 0.01)
    renewals = Renewals()
    for _ in range(20):
        leases = [CountedLease(), CountedLease()]
        for each in leases:
            renewals.add(t.cast(Lease, each))
        assert all(each.is_renewed.wait(10) for each in leases)
        leases[0].is_renewed.clear()
        assert leases[0].is_renewed.wait(10)
        for each in leases:
            each.is_over = True
        until(lambda: not renewals._is_begun, "there is nothing to do")


def test_a_lease_that_is_over_is_renewed_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns_module, "RENEWAL", 0.01)
    renewals, over, other = Renewals(), CountedLease(), CountedLease()
    over.is_over = True
    renewals.add(t.cast(Lease, over))
    renewals.add(t.cast(Lease, other))
    assert other.is_renewed.wait(10)
    assert not over.is_renewed.is_set()
    other.is_over = True


class AddingLease(CountedLease):
    """A lease while whose end is looked at, another thread begins one."""

    def __init__(self, renewals: Renewals, other: Lease) -> None:
        super().__init__()
        self.add = functools.partial(renewals.add, other)

    @property
    def is_over(self) -> bool:  # type: ignore[override]
        self.add()
        return True


def test_a_lease_that_begins_meanwhile_is_renewed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its holder would lose it after some seconds, and not know it."""
    monkeypatch.setattr(turns_module, "RENEWAL", 0.01)
    renewals, new = Renewals(), CountedLease()
    over = AddingLease(renewals, t.cast(Lease, new))
    renewals.add(t.cast(Lease, over))
    assert new.is_renewed.wait(10)
    new.is_over = True


def test_a_young_lease_need_not_be_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "RENEWAL", 0.01)
    renewals, young, old = Renewals(), CountedLease(age=0), CountedLease()
    renewals.add(t.cast(Lease, young))
    renewals.add(t.cast(Lease, old))
    assert old.is_renewed.wait(10)
    assert not young.is_renewed.is_set()
    young.age = 1
    assert young.is_renewed.wait(10)
    young.is_over = old.is_over = True


class HangingLease(CountedLease):
    """A lease whose back end does not answer for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def renew(self) -> bool:
        self.is_renewed.set()
        return self.goes_on.wait(10)


def test_a_back_end_that_hangs_takes_no_lease_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns_module, "RENEWAL", 0.01)
    renewals, hanging, other = Renewals(), HangingLease(), CountedLease()
    renewals.add(t.cast(Lease, hanging))
    assert hanging.is_renewed.wait(10)
    renewals.add(t.cast(Lease, other))
    for _ in range(3):
        assert other.is_renewed.wait(5)
        other.is_renewed.clear()
    hanging.is_over = other.is_over = True
    hanging.goes_on.set()
