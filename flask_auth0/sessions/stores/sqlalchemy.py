"""Sessions in a SQL database, through an engine of their own."""

from __future__ import annotations

import functools
import os
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ...runtime.processes import PerProcess
from .bad_settings import no_answer
from .base import BackEnd, Ending, Labelling, Pruned, Rest, Setup, keys_of
from .proof import prove
from .sql_engine import KEY, database_of, make_engine, own
from .sql_locks import SqlLock
from .sql_tables import label_table, lock_table, session_table

#: The rows that one statement examines, and removes if they have expired.
_PRUNED_AT_ONCE = 5000
#: The drivers whose waits have a limit.
_LIMITED = {"psycopg", "pysqlite"}


class SqlBackEnd(BackEnd):
    """Keeps sessions in Flask-Session's table, one short statement at a time.

    No statement is part of a transaction of the app.

    :param metadata: declares the tables.
    """

    ttl = False
    failures: tuple[type[Exception], ...] = (SQLAlchemyError, OSError)

    def __init__(self, setup: Setup, engine: sa.Engine, metadata: sa.MetaData) -> None:
        super().__init__(setup)
        self._engines = PerProcess(functools.partial(own, engine, os.getpid()))
        self.table: sa.Table = session_table(setup.settings, metadata)
        self.labels: sa.Table = label_table(self.table)
        self.locks: sa.Table = lock_table(self.table)

    @property
    def client(self) -> sa.Engine:
        return self.engine

    @property
    def engine(self) -> sa.Engine:
        """The engine, with connections of this process."""
        return self._engines.get()

    def fetch(self, key: str) -> bytes | None:
        return self.fetch_together(key)[key]

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        columns = self.table.c
        wanted = sa.select(columns.session_id, columns.data).where(
            columns.session_id.in_(keys),
            columns.expiry > _now(),
            columns.data.is_not(None),
        )
        with self.engine.connect() as connection:
            found = {key: bytes(value) for key, value in connection.execute(wanted)}
        return {key: found.get(key) for key in keys}

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        if self._update(key, value, max_age):
            return
        row = {"session_id": key, "data": value, "expiry": _now(max_age)}
        try:
            self._execute(self.table.insert().values(row))
        except IntegrityError:
            # Another request has made the row meanwhile.
            self._update(key, value, max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        return self._update(key, value, max_age, self.table.c.expiry > _now())

    def remove(self, key: str) -> None:
        self._execute(self.table.delete().where(self.table.c.session_id == key))

    def prune(self, rest: Rest = None) -> Pruned:
        # The primary key is the index to go along: one on the expiry would have to be
        # added to large tables of running apps.
        number, after = rest or (0, "")
        tables = (
            (self.table, self.table.c.session_id),
            (self.labels, self.labels.c.name),
            (self.locks, self.locks.c.name),
        )
        table, key = tables[number]
        ahead = sa.select(key).where(key > after).order_by(key)
        with self.engine.connect() as connection:
            until = connection.scalar(ahead.offset(_PRUNED_AT_ONCE).limit(1))
        expired = table.delete().where(key > after, table.c.expiry <= _now())
        removed = self._execute(
            expired if until is None else expired.where(key <= until)
        )
        if until is not None:
            return Pruned(0 if number else removed, (number, until))
        ahead_of = number + 1 if number + 1 < len(tables) else None
        return Pruned(
            0 if number else removed, None if ahead_of is None else (ahead_of, "")
        )

    def lock(self, key: str) -> SqlLock:
        return SqlLock(self.engine, self.locks, key)

    def label(self, labelling: Labelling) -> None:
        with self._transaction() as connection:
            self._label(connection, labelling)

    def labelled(self, *labels: str) -> list[str]:
        columns = self.labels.c
        wanted = (
            sa.select(columns.record)
            .where(columns.name.in_(labels), columns.expiry > _now())
            .order_by(columns.expiry)
        )
        with self.engine.connect() as connection:
            return list(connection.scalars(wanted))

    def unlabel(self, label: str, records: Sequence[str]) -> None:
        with self._transaction() as connection:
            self._unlabel(connection, [(label, record) for record in records])

    def begin(self, values: Mapping[str, bytes], labelling: Labelling) -> bool:
        expiry = _now(labelling.max_age)
        rows = [
            {"session_id": key, "data": value, "expiry": expiry}
            for key, value in values.items()
        ]
        with self._transaction() as connection:
            connection.execute(self.table.insert(), rows)
            self._label(connection, labelling)
        return True

    def end(self, endings: Sequence[Ending]) -> None:
        gone = self.table.delete().where(self.table.c.session_id == sa.bindparam("key"))
        pairs = [(label, each.record) for each in endings for label in each.labels]
        with self._transaction() as connection:
            # All transactions lock rows in the same order, so that no two of them
            # deadlock.
            connection.execute(gone, [{"key": key} for key in sorted(keys_of(endings))])
            self._unlabel(connection, pairs)

    def close(self) -> None:
        self.engine.dispose()

    def _label(self, connection: sa.Connection, labelling: Labelling) -> None:
        row = {"record": labelling.record, "expiry": _now(labelling.max_age)}
        for label in labelling.labels:
            connection.execute(self.labels.insert().values(name=label, **row))

    def _unlabel(
        self, connection: sa.Connection, pairs: Sequence[tuple[str, str]]
    ) -> None:
        """Remove labels from records, as pairs of a label and a record."""
        labels = self.labels.c
        gone = self.labels.delete().where(
            labels.name == sa.bindparam("of"), labels.record == sa.bindparam("which")
        )
        rows = [{"of": label, "which": record} for label, record in sorted(pairs)]
        if rows:
            connection.execute(gone, rows)

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            level = connection.default_isolation_level
            connection.execution_options(isolation_level=level)
            with connection.begin():
                yield connection

    def _update(
        self,
        key: str,
        value: bytes,
        max_age: int,
        *conditions: sa.ColumnElement[bool],
    ) -> bool:
        where = (self.table.c.session_id == key, *conditions)
        change = self.table.update().where(*where)
        return bool(self._execute(change.values(data=value, expiry=_now(max_age))))

    def _execute(self, statement: sa.Executable) -> int:
        with self.engine.connect() as connection:
            result = t.cast("sa.CursorResult[t.Any]", connection.execute(statement))
            return result.rowcount


def make(setup: Setup) -> SqlBackEnd:
    """Return the back end, making its tables if they are missing."""
    database = database_of(setup.settings.get(KEY))
    engine = make_engine(database, setup.limit / 2)
    if engine.driver not in _LIMITED:
        setup.logger.warning(
            "%s uses the driver %s, which has no time limit that is known here: while "
            "the server hangs, so does the app. Use postgresql+psycopg://.",
            KEY,
            engine.driver,
        )
    back_end = SqlBackEnd(setup, engine, database.metadata)
    url = engine.url
    name = url.database if url.host is None else f"{url.host}:{url.port or 5432}"
    try:
        _make_tables(back_end)
        prove(back_end, KEY, str(name))
    except (SQLAlchemyError, OSError) as error:
        raise no_answer(KEY, str(name), error) from error
    finally:
        # Processes that are forked later must not inherit open connections.
        back_end.close()
    return back_end


def _make_tables(back_end: SqlBackEnd) -> None:
    for table in (back_end.table, back_end.labels, back_end.locks):
        try:
            table.create(back_end.engine, checkfirst=True)
        except SQLAlchemyError:
            # Another process may have made the table meanwhile.
            if not sa.inspect(back_end.engine).has_table(table.name, table.schema):
                raise
    back_end.fetch("?")
    back_end.labelled("?")


def _now(later: int = 0) -> datetime:
    """Return a moment as Flask-Session keeps it: in UTC, without a time zone."""
    moment = datetime.now(timezone.utc) + timedelta(seconds=later)
    return moment.replace(tzinfo=None)
