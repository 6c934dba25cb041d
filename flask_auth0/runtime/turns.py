"""Turns of coroutines on one event loop."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Lets one coroutine at a time have its turn for a key, on one event loop."""

    def __init__(self) -> None:
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )

    @asynccontextmanager
    async def turn(self, key: str | None) -> AsyncIterator[None]:
        """Wait for a turn, and have it.

        :param key: of what nobody else may change meanwhile, if there is anything.
        """
        if key is None:
            yield
            return
        async with self._locks.setdefault(key, asyncio.Lock()):
            yield
