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
from ..sessions.stores.base import BackEnd
from ..sessions.stores.lease import Lease

#: Seconds between two attempts to take a lease. Not all back ends can tell when one is
#: free.
_PAUSE = 0.05
#: Seconds between two renewals of a lease, a part of its :data:`.LEASE`.
RENEWAL = 1.0
#: Seconds after an outage in which late writes go first, before any new refresh.
_PRECEDENCE = 1.0
#: Keeps tasks alive, to which an event loop has weak references only.
_running: set[asyncio.Task[t.Any]] = set()


class Held:
    """A lease that is renewed until it ends."""

    def __init__(self, store: BackEnd, key: str, lease: Lease) -> None:
        self.store = store
        self.key = key
        self.lease = lease
        #: Whether a late write needs the lease for longer, and ends it itself.
        self.is_handed_over = False
        self._renewing = start(_renew(lease))

    async def end(self) -> None:
        """Release the lease. One that cannot be released runs out."""
        self._renewing.cancel()
        await _release(self.lease)


async def hold(store: BackEnd, key: str) -> Held:
    """Take a lock in a back end; it ends soon after this process, whatever happens."""
    # The holder is another process, so no event of this one can tell when it is free.
    while (lease := await _try_lock(store, key)) is None:  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE)
    return Held(store, key, lease)


@asynccontextmanager
async def leased(store: BackEnd, key: str) -> AsyncIterator[Held]:
    """Hold a lock in a back end, as :func:`hold` does, until the context ends."""
    held = await hold(store, key)
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


async def _renew(lease: Lease) -> t.NoReturn:
    while True:
        await asyncio.sleep(RENEWAL)
        with contextlib.suppress(Exception):
            await loop.where_called(lease.renew)
