"""Leases of sessions, so that one process at a time changes the tokens of one."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import time
import typing as t
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from ..runtime import loop
from ..runtime.processes import PerProcess
from ..sessions.stores.base import BackEnd
from ..sessions.stores.lease import Lease

#: Seconds between two attempts to take a lease. Not all back ends can tell when one is
#: free.
PAUSE = 0.05
#: Seconds between two looks for leases that are as old, which are renewed then: a small
#: part of their :data:`.LEASE`.
RENEWAL = 1.0
#: Seconds after an outage in which late writes go first, before any new refresh.
_PRECEDENCE = 1.0
#: Keeps tasks alive, to which an event loop has weak references only.
_running: set[asyncio.Task[t.Any]] = set()


class Renewable(t.Protocol):
    """A lease, or another sign that a process still works at something."""

    #: Whether it is needed no more.
    is_over: bool

    @property
    def age(self) -> float:
        """Seconds since it was renewed."""

    def renew(self) -> object:
        """Let it last for another while."""


class Renewals:
    """Renews the leases of a process, until they are let go of.

    One task does it for all of them: most leases end before they have to be renewed,
    and cost the event loop nothing while others are held.
    """

    def __init__(self) -> None:
        self._leases: set[Renewable] = set()
        #: Those for which a back end is asked now, which may take its time.
        self._asked: set[Renewable] = set()
        self._is_begun = False

    def add(self, lease: Renewable) -> None:
        """Renew a lease from now on; any thread may ask for it."""
        self._leases.add(lease)
        if not self._is_begun:
            loop.get_loop().call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if self._leases and not self._is_begun:
            self._is_begun = True
            start(self._go_on())

    async def _go_on(self) -> None:
        while self._leases:
            await asyncio.sleep(RENEWAL)
            # Other threads add to the set meanwhile, so that what is over is taken out.
            self._leases -= {each for each in list(self._leases) if each.is_over}
            for each in self._leases - self._asked:
                if each.age >= RENEWAL:
                    self._asked.add(each)
                    start(self._renew(each))
        self._is_begun = False
        # Another thread may have added one just before.
        self._begin()

    async def _renew(self, lease: Renewable) -> None:
        with contextlib.suppress(Exception):
            await loop.where_called(lease.renew)
        self._asked.discard(lease)


#: The renewals of this process.
renewals: PerProcess[Renewals] = PerProcess(Renewals)


class Held:
    """A lease that is renewed until it ends."""

    def __init__(self, store: BackEnd, key: str, lease: Lease) -> None:
        self.store = store
        self.key = key
        self.lease = lease
        #: Whether a late write needs the lease for longer, and ends it itself.
        self.is_handed_over = False
        renewals.get().add(lease)

    async def end(self) -> None:
        """Release the lease. One that cannot be released runs out."""
        await _release(self.lease)


@asynccontextmanager
async def leased(store: BackEnd, key: str) -> AsyncIterator[Held]:
    """Hold a lock in a back end until the context ends.

    It ends soon after this process, whatever happens.
    """
    # The holder is another process, so no event of this one can tell when it is free.
    while (lease := await _try_lock(store, key)) is None:  # noqa: ASYNC110
        await asyncio.sleep(PAUSE)
    held = Held(store, key, lease)
    try:
        yield held
    finally:
        if not held.is_handed_over:
            await asyncio.shield(asyncio.ensure_future(held.end()))


def start(work: Coroutine[t.Any, t.Any, t.Any]) -> asyncio.Task[t.Any]:
    """Begin work outside of any request, so that no time limit of one ends it."""
    task: asyncio.Task[t.Any] = contextvars.Context().run(asyncio.ensure_future, work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


async def _try_lock(store: BackEnd, key: str) -> Lease | None:
    """Return the lease, or ``None``; release one that arrives after a cancellation."""
    await asyncio.sleep(store.well_since + _PRECEDENCE - time.monotonic())
    trying = asyncio.ensure_future(loop.where_called(lambda: Lease.take(store, key)))
    try:
        return await asyncio.shield(trying)
    except asyncio.CancelledError:
        # The back end may still give the lease, which then has no holder.
        trying.add_done_callback(_release_late)
        raise


def _release_late(trying: asyncio.Future[Lease | None]) -> None:
    if trying.cancelled() or trying.exception() is not None:
        return
    lease = trying.result()
    if lease is not None:
        start(_release(lease))


async def _release(lease: Lease) -> None:
    # If the release fails, the lease runs out.
    with contextlib.suppress(Exception):
        await loop.where_called(lease.release)
