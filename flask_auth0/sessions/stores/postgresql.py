"""Locks of PostgreSQL, all of a process on one connection."""

from __future__ import annotations

import hashlib
import os
import threading
import typing as t
import weakref

import sqlalchemy as sa


class PostgresLocks:
    """Takes and releases advisory locks. They end with the process that holds them.

    The server would give one connection the same lock twice, so nobody may ask for one
    that this process has.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._mutex = threading.Lock()
        self._connection: sa.Connection | None = None
        _forget_after_fork(self)

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
        with self._mutex:
            if self._connection is None:
                self._connection = self._engine.connect()
            try:
                return self._connection.scalar(sa.select(function))
            except BaseException:
                connection, self._connection = self._connection, None
                connection.invalidate()
                connection.close()
                raise

    def forget(self) -> None:
        """Leave the connection to the process that this one was forked from."""
        # Without this reference, it would be tidied up, and the other one see it.
        self._of_parent = self._connection
        self._mutex, self._connection = threading.Lock(), None


class PostgresLock(t.NamedTuple):
    """A lock that this process has."""

    locks: PostgresLocks
    number: int

    def renew(self) -> None:
        """Do nothing: it lasts as long as the connection."""

    def release(self) -> None:
        """Let go of it."""
        self.locks.release(self.number)


def _forget_after_fork(locks: PostgresLocks) -> None:
    known = weakref.ref(locks)

    def forget() -> None:
        found = known()
        if found is not None:
            found.forget()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)
