"""Turns of coroutines on one event loop."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Gives turns: one coroutine at a time for each key, on one event loop."""

    def __init__(self) -> None:
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )

    @asynccontextmanager
    async def turn(self, key: str | None) -> AsyncIterator[None]:
        """Wait until no other coroutine has the turn of a key, and have it.

        :param key: names a session, a login or a document of the tenant; ``None`` waits
            for nobody.
        """
        if key is None:
            yield
            return
        async with self._locks.setdefault(key, asyncio.Lock()):
            yield

    def is_taken(self, key: str | None) -> bool:
        """Tell whether a coroutine has the turn of a key, or waits for it."""
        return key in self._locks
