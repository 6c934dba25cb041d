"""Connections to PostgreSQL with a limit for each wait."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Generator

import psycopg
import sqlalchemy as sa

Waiting = Generator[t.Any, t.Any, t.Any]


class TooSlow(psycopg.OperationalError):
    """The server has not answered in time."""


def limit_waiting(engine: sa.Engine, timeout: float) -> None:
    """Let each connection and each statement of an engine take so many seconds.

    psycopg's own ``connect_timeout`` is two seconds at least, and ends with the login
    at the server. PostgreSQL's ``statement_timeout`` needs a server that still works.
    """

    class Connection(psycopg.Connection[t.Any]):
        def wait(self, gen: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
            try:
                return super().wait(_limited(gen, timeout), *args, **kwargs)
            except TooSlow:
                # The late answer would be taken for that of the next statement.
                self.pgconn.finish()
                raise

        @classmethod
        def _connect_gen(cls, *args: t.Any, **kwargs: t.Any) -> t.Any:
            # psycopg has no public way to connect with a limit below 2 s.
            return _limited(super()._connect_gen(*args, **kwargs), timeout)

    @sa.event.listens_for(engine, "do_connect")
    def connect(
        dialect: t.Any, record: t.Any, args: t.Any, kwargs: dict[str, t.Any]
    ) -> t.Any:
        # Behind a pooler, the next statement may run on another connection of the
        # server.
        kwargs.setdefault("prepare_threshold", None)
        return Connection.connect(*args, **kwargs)


def _limited(waiting: Waiting, timeout: float) -> Waiting:
    """Run psycopg's generator of waits until the time is over."""
    deadline = time.monotonic() + timeout
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise TooSlow("The server takes too long.")
            wanted = waiting.send(ready)
    except StopIteration as stop:
        return stop.value
