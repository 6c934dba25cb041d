"""Writes of new tokens that their request could not wait for."""

from __future__ import annotations

import asyncio
import time

from ..errors import Auth0Error
from ..runtime import loop
from ..runtime.turns import Turns
from ..sessions.unwritten import UnwrittenStates
from .locks import Held, start

#: Seconds after which new tokens are given up.
_LONGEST = 300
#: Seconds between two tries, for all sessions of a process together.
_PAUSE = 0.2


def begin(unwritten: UnwrittenStates, held: Held, turns: Turns) -> None:
    """Begin to write the new tokens of a session, which outlasts their request."""
    held.is_handed_over = True
    start(_write(unwritten, held, turns))


async def _write(unwritten: UnwrittenStates, held: Held, turns: Turns) -> None:
    """Write new tokens as soon as the back end takes them, and let go of the session.

    The lease is held until then: other processes would use the old refresh token.
    """
    record, logger = held.key, held.store.logger
    logger.warning(
        "New tokens of a session could not be kept yet; that is tried again.",
        extra={"reason": "tokens_not_kept"},
    )
    began = time.monotonic()
    try:
        while not await _is_written(unwritten, record, turns):
            if time.monotonic() > began + _LONGEST:
                unwritten.forget(record)
                logger.error(
                    "New tokens of a session are lost: it needs a new login.",
                    extra={"reason": "tokens_lost"},
                )
                return
    finally:
        await held.end()


async def _is_written(unwritten: UnwrittenStates, record: str, turns: Turns) -> bool:
    # Writes go one by one: each may wait for a server that hangs, in a thread.
    async with turns.turn("late writes"):
        try:
            await loop.where_called(lambda: unwritten.write(record))
        except Auth0Error:
            await asyncio.sleep(_PAUSE)
            return False
        return True
