"""One change of a session's tokens at a time, in this process and in all others."""

from __future__ import annotations

import asyncio
import contextlib
import typing as t
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from . import loop
from .sessions.interface import Lock, StoreInterface

#: Seconds between two looks whether another process has finished. Back ends have no
#: common way to be told.
_PAUSE = 0.05
#: Seconds between two renewals of a lock, a part of its :data:`.LEASE`.
_RENEWAL = 1.0
#: An event loop has only weak references to its tasks.
_releasing: set[asyncio.Task[None]] = set()


class Turns:
    """Lets one coroutine at a time have its turn for a key, on one event loop."""

    def __init__(self) -> None:
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )

    @asynccontextmanager
    async def turn(
        self, key: str | None, store: StoreInterface | None = None
    ) -> AsyncIterator[None]:
        """Wait for a turn, and have it.

        :param key: of what nobody else may change meanwhile, if there is anything.
        :param store: the back end that the session is in, where other processes wait
            as well.
        """
        if key is None:
            yield
            return
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            if store is None:
                yield
                return
            async with _locked(store, key):
                yield


@asynccontextmanager
async def _locked(store: StoreInterface, key: str) -> AsyncIterator[None]:
    """Hold a lock in a back end; it ends with this process, whatever happens."""
    # Another process has it, so no event of this one will tell when it is free.
    while (held := await _try_lock(store, key)) is None:  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE)
    renewing = asyncio.create_task(_renew(held))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.shield(asyncio.ensure_future(_release(held)))


async def _try_lock(store: StoreInterface, key: str) -> Lock | None:
    """Return the lock, or ``None``; let go of one that comes when nobody waits."""
    trying = asyncio.ensure_future(
        loop.where_called(lambda: store.poll(lambda: store.try_lock(key)))
    )
    try:
        return await asyncio.shield(trying)
    except asyncio.CancelledError:
        # The back end has been asked, and the answer would be held by nobody.
        trying.add_done_callback(_release_late)
        raise


def _release_late(trying: asyncio.Future[Lock | None]) -> None:
    if trying.cancelled() or trying.exception() is not None:
        return
    held = trying.result()
    if held is not None:
        _releasing.add(task := asyncio.ensure_future(_release(held)))
        task.add_done_callback(_releasing.discard)


async def _release(held: Lock) -> None:
    # It ends by itself if this fails.
    with contextlib.suppress(Exception):
        await loop.where_called(held.release)


async def _renew(held: Lock) -> t.NoReturn:
    while True:
        await asyncio.sleep(_RENEWAL)
        with contextlib.suppress(Exception):
            await loop.where_called(held.renew)
