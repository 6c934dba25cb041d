"""Which requests wait for a place at the tenant, and which are refused."""

from __future__ import annotations

import asyncio
import threading
import typing as t
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from flask_auth0 import TenantUnavailable
from flask_auth0.client.places import AGAIN, BELIEVED, BURST, SLOW, Places
from tests.harness.clock import Clock
from tests.harness.processes import until

MOST, LIMIT = 3, 100


class Request:
    """A request in a thread of its own, which waits for the tenant until it may end."""

    def __init__(self, enter: Callable[[], t.ContextManager[None]]) -> None:
        self._enter = enter
        self.has_place, self._ends = threading.Event(), threading.Event()
        self.refusal: TenantUnavailable | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._enter():
                self.has_place.set()
                self._ends.wait(30)
        except TenantUnavailable as error:
            self.refusal = error

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def end(self) -> None:
        self._ends.set()
        self._thread.join(30)


class Crowd:
    """The requests of a process."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.places = Places(MOST, LIMIT, clock)
        self.requests: list[Request] = []

    def come(self, number: int) -> list[Request]:
        """Let so many more come, and wait until each has a place or stands in line."""
        for _ in range(number):
            self.requests.append(Request(self.places.one))
            until(self.is_settled, "each has a place, a refusal, or waits")
        return self.requests[-number:]

    def is_settled(self) -> bool:
        room = self.places._room.get()
        waiting = [e for e in self.requests if not (e.has_place.is_set() or e.is_over)]
        return len(room._line) == len(waiting)

    def go(self, number: int = 1) -> None:
        """Let so many of those with a place get their answers, one after the other."""
        for _ in range(number):
            inside = [e for e in self.requests if e.has_place.is_set()]
            next(each for each in inside if not each.is_over).end()
            until(self.is_followed, "the next one has its place")

    def is_followed(self) -> bool:
        room = self.places._room.get()
        return not (room._free and room._line) and self.is_settled()

    def refused(self, number: int = 1) -> list[bool]:
        """Whether each of so many more is refused at once."""
        return [each.refusal is not None for each in self.come(number)]


class Still(Clock):
    """A clock that stands still until a test moves it."""

    def monotonic(self) -> float:
        return 1000.0 + self.passed


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    found = Crowd(Still())
    yield found
    for each in found.requests:
        each._ends.set()
    for each in found.requests:
        each.end()


def test_a_crowd_that_comes_at_once_waits(crowd: Crowd) -> None:
    assert not any(crowd.refused(20))
    crowd.go(20)
    assert all(each.is_over and not each.refusal for each in crowd.requests)


def test_where_more_come_than_go_few_wait(crowd: Crowd) -> None:
    """Else they would take all threads, though each of them waits for a moment only."""
    most = MOST + MOST - 1 + BURST * MOST
    assert crowd.refused(most + 2) == [False] * most + [True] * 2
    assert {e.refusal.retry_after for e in crowd.requests if e.refusal} == {AGAIN}
    # Answers come quickly, and the line is as short as leaves a thread to others.
    crowd.go(BURST * MOST)
    assert crowd.refused() == [True]
    crowd.go()
    assert crowd.refused(2) == [False, True]


def test_later_more_may_wait_again(crowd: Crowd) -> None:
    crowd.come(MOST + MOST - 1 + BURST * MOST)
    crowd.clock.passed += SLOW * 0.6
    assert crowd.refused(2) == [False, True]
    crowd.go(len(crowd.requests) - 1)
    crowd.clock.passed += BURST
    assert not any(crowd.refused(MOST + MOST - 1 + BURST * MOST))


def test_a_slow_answer_of_long_ago_counts_for_nobody(crowd: Crowd) -> None:
    crowd.come(1)
    crowd.clock.passed += SLOW * 2
    crowd.go()
    crowd.come(MOST)
    assert crowd.refused() == [True]
    crowd.go(MOST)
    crowd.come(1)
    crowd.clock.passed += SLOW * 2
    crowd.go()
    crowd.clock.passed += BELIEVED
    crowd.come(MOST)
    assert crowd.refused() == [False]


async def follow(places: Places, event: asyncio.Event) -> bool:
    """Wait behind another request; tell whether that was refused."""
    try:
        await places.behind_another(event.wait())
    except TenantUnavailable:
        return True
    return False


@pytest.mark.parametrize("most", [1, 2, MOST])
def test_those_behind_another_need_places_once_it_takes_long(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("flask_auth0.client.places.SLOW", 0.2)

    async def run() -> tuple[list[bool], list[bool]]:
        places, answered = Places(most, LIMIT, clock), asyncio.Event()
        async with places.one_on_loop():
            # Whoever has a place is not refused any more.
            own = asyncio.ensure_future(follow(places, answered))
            await asyncio.sleep(0)
        others = asyncio.create_task(hold(places, answered))
        await asyncio.sleep(0)
        followers = [asyncio.ensure_future(follow(places, answered)) for _ in range(8)]
        await asyncio.wait(followers, timeout=10, return_when="FIRST_COMPLETED")
        await asyncio.sleep(0)
        late = asyncio.ensure_future(follow(places, answered))
        await asyncio.wait([late], timeout=10)
        answered.set()
        await others
        return await asyncio.gather(*followers), [await own, await late]

    first, (own, late) = asyncio.run(run())
    assert first.count(False) == most - 1
    assert (own, late) == (False, True)


async def hold(places: Places, event: asyncio.Event) -> None:
    async with places.one_on_loop():
        await event.wait()


def test_those_behind_a_quick_one_need_no_place(clock: Clock) -> None:
    async def run() -> list[bool]:
        places, answered = Places(1, LIMIT, clock), asyncio.Event()
        first = asyncio.create_task(hold(places, answered))
        followers = [asyncio.ensure_future(follow(places, answered)) for _ in range(50)]
        await asyncio.sleep(0.05)
        answered.set()
        await first
        return await asyncio.gather(*followers)

    assert not any(asyncio.run(run()))


def test_who_gives_up_leaves_nothing_waiting(clock: Clock) -> None:
    async def run() -> tuple[bool, bool]:
        places, lock = Places(1, LIMIT, clock), asyncio.Lock()
        async with lock:
            task = asyncio.create_task(places.behind_another(lock.acquire()))
            await asyncio.sleep(0.01)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        return task.cancelled(), lock.locked()

    assert asyncio.run(run()) == (True, False)
