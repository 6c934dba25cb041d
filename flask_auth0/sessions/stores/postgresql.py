"""Locks of PostgreSQL, all of a process on one connection."""

from __future__ import annotations

import hashlib
import os
import threading
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


class PostgresLocks:
    """Takes and releases advisory locks. They end with the process that holds them.

    The server would give one connection the same lock twice, so nobody may ask for one
    that this process has.

    :param limit: seconds to wait for others of this process to use the connection.
    """

    def __init__(self, engine: sa.Engine, limit: float) -> None:
        self._engine = engine
        self._limit = limit
        self._mutex = threading.Lock()
        self._connection: sa.Connection | None = None
        self._process = os.getpid()
        # As the store does in a process that was forked.
        sa.event.listen(engine, "engine_disposed", self._forget)

    def try_lock(self, key: str) -> PostgresLock | None:
        """Return the lock for a key, or ``None`` if another process has it."""
        digest = hashlib.sha256(key.encode()).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        is_mine = self._ask(sa.func.pg_try_advisory_lock(number))
        return PostgresLock(self, number) if is_mine else None

    def release(self, number: int) -> None:
        """Let go of a lock. If that fails, so does the connection, and with it all."""
        self._ask(sa.func.pg_advisory_unlock(number))

    def _ask(self, function: sa.Function[t.Any]) -> t.Any:
        with self._alone():
            if self._connection is None:
                self._connection = self._engine.connect()
            try:
                return self._connection.scalar(sa.select(function))
            except BaseException:
                connection, self._connection = self._connection, None
                connection.invalidate()
                connection.close()
                raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Use the connection when nobody else does; a slow server holds up them all."""
        mutex = self._mutex
        if not mutex.acquire(timeout=self._limit):
            raise sa.exc.TimeoutError("Others still wait for an answer.")
        try:
            yield
        finally:
            mutex.release()

    def _forget(self, engine: sa.Engine) -> None:
        """Close the connection, or leave it to the process this was forked from."""
        connection, self._connection = self._connection, None
        if self._process != os.getpid():
            self._mutex, self._process = threading.Lock(), os.getpid()
            # Without this reference, it would be tidied up, and the other one see it.
            self._of_parent = connection
        elif connection is not None:
            connection.detach()
            connection.close()


class PostgresLock(t.NamedTuple):
    """A lock that this process has."""

    locks: PostgresLocks
    number: int

    def renew(self) -> None:
        """Do nothing: it lasts as long as the connection."""

    def release(self) -> None:
        """Let go of it."""
        self.locks.release(self.number)
