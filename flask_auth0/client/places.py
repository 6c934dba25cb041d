"""The places of a process for requests that wait for a tenant."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar

from ..errors import tenant_busy
from ..runtime.clock import Clock
from ..runtime.processes import PerProcess

#: Seconds without an answer after which a tenant is slow.
SLOW = 1.0
#: Seconds after which a user whom a slow tenant has no place for may try again.
AGAIN = 2
#: Seconds between two looks for a free place. Threads, greenlets and coroutines wait
#: for the same places, and no event wakes all of them.
_PAUSE = 0.02
_REMEDY = (
    "As many requests wait for it as AUTH0_TENANT_CONCURRENCY allows, and it is slow."
)


class Places:
    """Keeps requests that wait for a tenant from taking all threads of a process.

    While tenants are quick, one more waits until a place is free. While one is slow,
    one more is refused. Where there are several places, what a visitor alone can make
    slow leaves one free: a request with what they have typed, and each copy of one that
    waits for its answer.

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

    @contextmanager
    def _in_thread(self, place: _Place) -> Iterator[None]:
        if place is not _own.get():
            until = self._clock.monotonic() + self._limit
            while not place.is_free(until):
                time.sleep(_PAUSE)
        with place.taken():
            yield

    @asynccontextmanager
    async def _on_loop(self, place: _Place) -> AsyncIterator[None]:
        if place is not _own.get():
            until = self._clock.monotonic() + self._limit
            # Who has the places may be threads, of which no event of a loop tells.
            while not place.is_free(until):  # noqa: ASYNC110
                await asyncio.sleep(_PAUSE)
        with place.taken():
            yield

    def _new_place(self, *narrower: PerProcess[_Room]) -> _Place:
        return _Place([each.get() for each in (*narrower, self._room)], self._clock)


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
                    each.give_back()
                return room
        self._since = now
        return None

    def _leave(self) -> None:
        if self._since is not None:
            narrowest, *others = self._rooms
            # How slow a visitor's request was says nothing to those of others.
            narrowest.leave(self._since, self._clock.monotonic())
            for each in others:
                each.give_back()
            self._since = None


class _Room:
    """Places that are alike. They need no lock: each step is one that Python does at
    once.
    """

    def __init__(self, most: int) -> None:
        self._free = [None] * most
        #: When somebody has come or gone last.
        self._moved_at = 0.0
        #: Whether who has gone last had waited for long.
        self._is_slow = False

    def enter(self, now: float) -> bool:
        """Take a place, if one is free."""
        try:
            self._free.pop()
        except IndexError:
            return False
        self._moved_at = now
        return True

    def leave(self, since: float, now: float) -> None:
        """Give a place back."""
        self._is_slow = now - since > SLOW
        self._moved_at = now
        self.give_back()

    def give_back(self) -> None:
        """Give a place back of which nothing is learnt."""
        self._free.append(None)

    def require_hope(self, now: float, until: float) -> None:
        """Raise an error, unless a place will be free soon."""
        if self._is_slow or now - self._moved_at > SLOW or now > until:
            raise tenant_busy(AGAIN, _REMEDY, "too_many_wait")


#: The place of the running call.
_own: ContextVar[_Place | None] = ContextVar("own_place", default=None)
