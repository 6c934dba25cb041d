"""Locks in a table of a SQL database, one row each."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from . import lease


class SqlLock:
    """A lock as a row with its holder and its end.

    A row needs no connection of its own, as PostgreSQL's advisory locks do: it survives
    the loss of a connection, and works where a pooler shares connections.

    :param table: the table of locks.
    """

    def __init__(self, engine: sa.Engine, table: sa.Table, name: str) -> None:
        self._engine = engine
        self._table = table
        self._name = name
        self._holder = lease.new_holder()

    def take(self) -> bool:
        columns, now = self._table.c, self._now()
        found = sa.select(columns.holder, columns.expiry > now).where(self._is_named())
        with self._engine.connect() as connection:
            row = connection.execute(found).one_or_none()
            if row is None:
                return self._insert(connection)
            holder, is_held = row
            return not is_held and self._update(connection, holder)

    def renew(self) -> bool:
        with self._engine.connect() as connection:
            return self._update(connection, self._holder)

    def release(self) -> None:
        gone = self._table.delete().where(self._is_held_by(self._holder))
        with self._engine.connect() as connection:
            connection.execute(gone)

    def _insert(self, connection: sa.Connection) -> bool:
        end = self._now(lease.LEASE)
        row = {"name": self._name, "holder": self._holder, "expiry": end}
        try:
            connection.execute(self._table.insert().values(row))
        except IntegrityError:
            # Another process has made the row meanwhile.
            return False
        return True

    def _update(self, connection: sa.Connection, before: str) -> bool:
        change = self._table.update().where(self._is_held_by(before))
        if before != self._holder:
            change = change.where(self._table.c.expiry <= self._now())
        change = change.values(holder=self._holder, expiry=self._now(lease.LEASE))
        result = t.cast("sa.CursorResult[t.Any]", connection.execute(change))
        return result.rowcount == 1

    def _is_named(self) -> sa.ColumnElement[bool]:
        return self._table.c.name == self._name

    def _is_held_by(self, holder: str) -> sa.ColumnElement[bool]:
        return sa.and_(self._is_named(), self._table.c.holder == holder)

    def _now(self, later: float = 0) -> t.Any:
        """Return a moment by the server's clock, which several hosts share."""
        more = timedelta(seconds=later)
        if self._engine.dialect.name == "postgresql":
            now = sa.func.timezone("UTC", sa.func.clock_timestamp())
            return now + sa.literal(more, sa.Interval)
        return datetime.now(timezone.utc).replace(tzinfo=None) + more
