"""Sessions in a SQL database, through an engine of their own."""

from __future__ import annotations

import functools
import os
import typing as t
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ...runtime.processes import PerProcess
from . import lease
from .bad_settings import no_answer
from .base import BackEnd, Ending, Labelling, Pruned, Rest, Setup, keys_of
from .proof import prove
from .sql_engine import KEY, database_of, make_engine, own
from .sql_tables import label_table, lock_table, session_table

#: The rows that one statement examines, and removes if they have expired.
_PRUNED_AT_ONCE = 5000
#: The drivers whose waits have a limit.
_LIMITED = {"psycopg", "pysqlite"}

_Row = dict[str, t.Any]


class SqlBackEnd(BackEnd):
    """Keeps sessions in Flask-Session's table, one short statement at a time.

    No statement is part of a transaction of the app.

    :param metadata: declares the tables.
    """

    ttl = False
    failures: tuple[type[Exception], ...] = (SQLAlchemyError, OSError)

    def __init__(self, setup: Setup, engine: sa.Engine, metadata: sa.MetaData) -> None:
        make = functools.partial(own, engine, os.getpid())
        super().__init__(setup, PerProcess(make))
        self.table: sa.Table = session_table(setup.settings, metadata)
        self.labels: sa.Table = label_table(self.table)
        self.locks: sa.Table = lock_table(self.table)

    @property
    def engine(self) -> sa.Engine:
        """The engine, with connections of this process."""
        return t.cast(sa.Engine, self.client)

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
            self.execute(self.table.insert().values(row))
        except IntegrityError:
            # Another request has made the row meanwhile.
            self._update(key, value, max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        return self._update(key, value, max_age, self.table.c.expiry > _now())

    def add(self, key: str, value: bytes, max_age: int) -> bool:
        row = {"session_id": key, "data": value, "expiry": _now(max_age)}
        try:
            self.execute(self.table.insert().values(row))
        except IntegrityError:
            return self._update(key, value, max_age, self.table.c.expiry <= _now())
        return True

    def remove(self, key: str) -> None:
        self.execute(self.table.delete().where(self.table.c.session_id == key))

    def remove_same(self, key: str, value: bytes) -> None:
        is_same = (self.table.c.session_id == key, self.table.c.data == value)
        self.execute(self.table.delete().where(*is_same))

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
        removed = self.execute(
            expired if until is None else expired.where(key <= until)
        )
        following = (number + 1, "") if until is None else (number, until)
        is_over = following[0] == len(tables)
        return Pruned(0 if number else removed, None if is_over else following)

    def lock(self, key: str) -> SqlLock:
        return SqlLock(self, key)

    def label(self, labelling: Labelling) -> None:
        self.begin({}, labelling)

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
        self.end([Ending(each, (), (label,)) for each in records])

    def begin(self, values: Mapping[str, bytes], labelling: Labelling) -> bool:
        expiry = _now(labelling.max_age)
        rows = [
            {"session_id": key, "data": value, "expiry": expiry}
            for key, value in values.items()
        ]
        row = {"record": labelling.record, "expiry": expiry}
        labels = [{"name": label, **row} for label in labelling.labels]
        self._transact((self.table.insert(), rows), (self.labels.insert(), labels))
        return True

    def end(self, endings: Sequence[Ending]) -> None:
        gone = self.table.delete().where(self.table.c.session_id == sa.bindparam("key"))
        labels = self.labels.c
        unlabelled = self.labels.delete().where(
            labels.name == sa.bindparam("of"), labels.record == sa.bindparam("which")
        )
        pairs = {(label, each.record) for each in endings for label in each.labels}
        # All transactions lock rows in the same order, so that no two of them deadlock.
        keys = [{"key": key} for key in sorted(keys_of(endings))]
        rows = [{"of": label, "which": record} for label, record in sorted(pairs)]
        self._transact((gone, keys), (unlabelled, rows))

    def close(self) -> None:
        self.engine.dispose()

    def _transact(self, *statements: tuple[sa.Executable, list[_Row]]) -> None:
        """Execute statements with their rows, all or none of them."""
        with self.engine.connect() as connection:
            level = connection.default_isolation_level
            connection.execution_options(isolation_level=level)
            with connection.begin():
                for statement, rows in statements:
                    if rows:
                        connection.execute(statement, rows)

    def _update(
        self,
        key: str,
        value: bytes,
        max_age: int,
        *conditions: sa.ColumnElement[bool],
    ) -> bool:
        where = (self.table.c.session_id == key, *conditions)
        change = self.table.update().where(*where)
        return bool(self.execute(change.values(data=value, expiry=_now(max_age))))

    def execute(self, statement: sa.Executable) -> int:
        """Execute one statement; return the number of rows that it has changed."""
        with self.engine.connect() as connection:
            result = t.cast("sa.CursorResult[t.Any]", connection.execute(statement))
            return result.rowcount


class SqlLock(lease.HolderLock[SqlBackEnd]):
    """A lock as a row with its holder and its end.

    A row needs no connection of its own, as PostgreSQL's advisory locks do: it survives
    the loss of a connection, and works where a pooler shares connections.
    """

    def take(self) -> bool:
        locks = self._back_end.locks
        is_free = locks.c.expiry <= self._now()
        found = sa.select(is_free).where(locks.c.name == self._name)
        with self._back_end.engine.connect() as connection:
            rows = connection.scalars(found).all()
        if not rows:
            return self._insert()
        return all(rows) and self._hold(is_free)

    def renew(self) -> bool:
        return self._hold(self._back_end.locks.c.holder == self._holder)

    def release(self) -> None:
        locks = self._back_end.locks
        mine = (locks.c.name == self._name, locks.c.holder == self._holder)
        self._back_end.execute(locks.delete().where(*mine))

    def _insert(self) -> bool:
        end = self._now(lease.LEASE)
        row = {"name": self._name, "holder": self._holder, "expiry": end}
        try:
            self._back_end.execute(self._back_end.locks.insert().values(row))
        except IntegrityError:
            # Another process has made the row meanwhile.
            return False
        return True

    def _hold(self, condition: sa.ColumnElement[bool]) -> bool:
        """Hold the lock for another while, if its row meets a condition."""
        locks, end = self._back_end.locks, self._now(lease.LEASE)
        change = locks.update().where(locks.c.name == self._name, condition)
        change = change.values(holder=self._holder, expiry=end)
        return bool(self._back_end.execute(change))

    def _now(self, later: float = 0) -> t.Any:
        """Return a moment by the server's clock, which several hosts share."""
        if self._back_end.engine.dialect.name == "postgresql":
            now = sa.func.timezone("UTC", sa.func.clock_timestamp())
            return now + sa.literal(timedelta(seconds=later), sa.Interval)
        return _now(later)


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


def _now(later: float = 0) -> datetime:
    """Return a moment as Flask-Session keeps it: in UTC, without a time zone."""
    moment = datetime.now(timezone.utc) + timedelta(seconds=later)
    return moment.replace(tzinfo=None)
