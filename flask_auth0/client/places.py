"""The places of a process for requests that wait for a tenant."""

from __future__ import annotations

import asyncio
import math
import os
import time
import typing as t
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar

from ..errors import TenantUnavailable, tenant_busy
from ..runtime.clock import Clock
from ..runtime.processes import PerProcess

R = t.TypeVar("R")

#: Seconds without an answer after which a tenant is slow.
SLOW = 1.0
#: How many requests may wait beyond those of a short line, all at once, in multiples of
#: the places. In each second, as many may again as there are places.
BURST = 8
#: Seconds for which a tenant whose last answer was slow is taken for slow.
BELIEVED = 10.0
#: Seconds after which a user whom a slow tenant has no place for may try again.
AGAIN = 2
#: Seconds between two looks for a free place. Threads, greenlets and coroutines wait
#: for the same places, and no event wakes all of them.
_PAUSE = 0.02
#: Seconds between two looks whether a tenant has become slow.
_LOOK = 0.2
_REMEDY = (
    "As many requests wait for it as AUTH0_TENANT_CONCURRENCY allows, and it is slow, "
    "or more come than it answers."
)


class Places:
    """Keeps requests that wait for a tenant from taking all threads of a process.

    While tenants are quick, one more waits until a place is free. While one is slow,
    one more is refused, and so it is while more come than there are answers: then fewer
    wait for a place than there are places. Where there are several, what a visitor
    alone can make slow leaves one free: a request with what they have typed, and each
    copy of one that waits for its answer. So do requests that wait for a refresh of
    their session.

    :param most: how many places there are.
    :param limit: seconds that a request may wait for a place.
    :param clock: measures how long tenants take.
    """

    def __init__(self, most: int, limit: float, clock: Clock) -> None:
        self._limit, self._clock = limit, clock
        # The requests of a parent process do not go on in one that was forked from it.
        self._room = PerProcess(lambda: _Room(most))
        #: The places of these that requests of visitors may have.
        self._of_visitors = PerProcess(lambda: _Room(max(most - 1, 1)))
        #: The places of these that requests may have whose answer another one brings,
        #: which needs a place itself.
        self._of_followers = PerProcess(lambda: _Room(most - 1))

    @contextmanager
    def one(self) -> Iterator[None]:
        """Have a place for what happens inside.

        It is left once an answer has come. What the same call asks for later is not
        refused any more, since it has begun.

        :raises TenantUnavailable: when there is none.
        """
        with self._in_thread(_own.get() or self._new_place()):
            yield

    @contextmanager
    def one_of_visitor(self) -> Iterator[None]:
        """Have one of the places for what a visitor alone can make slow.

        :raises TenantUnavailable: when there is none.
        """
        with self._in_thread(_own.get() or self._new_place(self._of_visitors)):
            yield

    @asynccontextmanager
    async def one_on_loop(self) -> AsyncIterator[None]:
        """Have a place in a coroutine, as :meth:`one` does."""
        async with self._on_loop(_own.get() or self._new_place()):
            yield

    @asynccontextmanager
    async def one_of_visitor_on_loop(self) -> AsyncIterator[None]:
        """Have a place in a coroutine, as :meth:`one_of_visitor` does."""
        async with self._on_loop(_own.get() or self._new_place(self._of_visitors)):
            yield

    async def behind_another(self, waiting: Coroutine[t.Any, t.Any, R]) -> R:
        """Wait in a coroutine for what another request is asking a tenant for.

        It takes no place while tenants are quick. Once that takes long, it needs one:
        the page of one user may make more requests that wait so than a process has
        threads.

        :raises TenantUnavailable: when there is none.
        """
        if _own.get() is not None:
            return await waiting
        task, room = asyncio.ensure_future(waiting), self._room.get()
        began, pause = self._clock.monotonic(), 0.0
        try:
            while not (await asyncio.wait([task], timeout=pause))[0]:
                if room.is_slow_for(began, self._clock.monotonic()):
                    return await self._with_place(task)
                pause = _LOOK
            return task.result()
        finally:
            await _given_up(task)

    async def _with_place(self, waiting: asyncio.Task[R]) -> R:
        """Wait with a place, if there is one now."""
        place = self._new_place(self._of_followers)
        place.require()
        with place.taken():
            return await waiting

    @contextmanager
    def _in_thread(self, place: _Place) -> Iterator[None]:
        if place is not _own.get():
            until = self._clock.monotonic() + self._limit
            if not place.is_free(until):
                with place.in_line():
                    while not place.is_free(until):
                        time.sleep(_PAUSE)
        with place.taken():
            yield

    @asynccontextmanager
    async def _on_loop(self, place: _Place) -> AsyncIterator[None]:
        if place is not _own.get():
            until = self._clock.monotonic() + self._limit
            if not place.is_free(until):
                with place.in_line():
                    # Who has the places may be threads, of which no event of a loop
                    # tells.
                    while not place.is_free(until):  # noqa: ASYNC110
                        await asyncio.sleep(_PAUSE)
        with place.taken():
            yield

    def _new_place(self, *narrower: PerProcess[_Room]) -> _Place:
        process = os.getpid()
        rooms = [each.of[process] for each in (*narrower, self._room)]
        return _Place(rooms, self._clock)


class _Place:
    """The place of one call, while it has it.

    :param rooms: in each of which it is one; the narrowest is the first.
    """

    def __init__(self, rooms: Sequence[_Room], clock: Clock) -> None:
        self._rooms, self._clock = rooms, clock
        self._since: float | None = None

    def is_free(self, until: float) -> bool:
        """Take the place, if there is one; tell whether there was.

        :raises TenantUnavailable: when there will be none soon.
        """
        now = self._clock.monotonic()
        full = self._enter(now)
        if full is not None:
            full.require_hope(now, until)
        return full is None

    def require(self) -> None:
        """Take the place, if there is one now.

        :raises TenantUnavailable: when there is none.
        """
        if self._enter(self._clock.monotonic()) is not None:
            raise _too_many()

    @contextmanager
    def in_line(self) -> Iterator[None]:
        """Wait with those who wait for such a place.

        :raises TenantUnavailable: when too many do.
        """
        with self._rooms[0].line(self._clock.monotonic()):
            yield

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the place until what happens inside is over."""
        self._enter(self._clock.monotonic())
        token = _own.set(self)
        try:
            yield
        finally:
            # A coroutine that nobody awaits any more ends in another context.
            with suppress(ValueError):
                _own.reset(token)
            self._leave()

    def _enter(self, now: float) -> _Room | None:
        """Take the place, or return the room in which none is free."""
        if self._since is not None:
            return None
        for number, room in enumerate(self._rooms):
            if not room.enter(now):
                for each in self._rooms[:number]:
                    each.give_back(now)
                return room
        self._since = now
        return None

    def _leave(self) -> None:
        if self._since is not None:
            narrowest, *others = self._rooms
            # How slow a visitor's request was says nothing to those of others.
            narrowest.leave(self._since, self._clock.monotonic())
            for each in others:
                each.give_back(self._since)
            self._since = None


class _Room:
    """Places that are alike, and the line of those who wait for one.

    They need no lock: each step is one that Python does at once, or that may be done
    twice.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._free = [None] * most
        #: When each of those who have a place has come.
        self._came_at: list[float] = []
        #: When somebody has come or gone last.
        self._moved_at = 0.0
        #: When somebody has gone last who had waited for long, if nobody has since who
        #: had not.
        self._slow_at = -math.inf
        self._line: list[None] = []
        #: How many more may wait in a longer line, and since when that is so.
        self._more, self._more_at = float(BURST * most), 0.0

    def enter(self, now: float) -> bool:
        """Take a place, if one is free."""
        try:
            self._free.pop()
        except IndexError:
            return False
        self._came_at.append(now)
        self._moved_at = now
        return True

    def leave(self, since: float, now: float) -> None:
        """Give a place back."""
        self._slow_at = now if now - since > SLOW else -math.inf
        self._moved_at = now
        self.give_back(since)

    def give_back(self, since: float) -> None:
        """Give a place back of which nothing is learnt."""
        self._came_at.remove(since)
        self._free.append(None)

    def require_hope(self, now: float, until: float) -> None:
        """Raise an error, unless a place will be free soon."""
        is_slow = now - self._slow_at < BELIEVED or self._is_silent(now)
        if is_slow or not self._most or now > until:
            raise _too_many()

    def is_slow_for(self, began: float, now: float) -> bool:
        """Tell whether a tenant is slow, for one that has no place.

        What it waits for may also be with another process, which may have died.
        """
        if now - began > SLOW:
            return now - min(self._came_at, default=now) > SLOW
        return self._is_silent(now)

    def _is_silent(self, now: float) -> bool:
        return bool(self._came_at) and now - self._moved_at > SLOW

    @contextmanager
    def line(self, now: float) -> Iterator[None]:
        """Be one of those who wait.

        A crowd that comes at once waits until all of it had its turn. Where more come
        than go, all the time, those who wait would take all threads.
        """
        if len(self._line) >= self._most - 1 and not self._may_be_longer(now):
            raise _too_many()
        self._line.append(None)
        try:
            yield
        finally:
            self._line.pop()

    def _may_be_longer(self, now: float) -> bool:
        """Tell whether one more may wait in a long line, and note that it does."""
        back = (now - self._more_at) * self._most
        more = min(self._more + back, BURST * self._most)
        may_be = more >= 1
        self._more, self._more_at = more - may_be, now
        return may_be


async def _given_up(task: asyncio.Task[t.Any]) -> None:
    """End a task whose result nobody waits for any more, if it is not done."""
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
    # asyncio would log an error that nobody has asked for.
    if not task.cancelled():
        task.exception()


def _too_many() -> TenantUnavailable:
    return tenant_busy(AGAIN, _REMEDY, "too_many_wait")


#: The place of the running call.
_own: ContextVar[_Place | None] = ContextVar("own_place", default=None)
