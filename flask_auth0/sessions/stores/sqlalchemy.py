"""Sessions in a SQL database, through an engine of their own."""

from __future__ import annotations

import functools
import os
import re
import time
import typing as t
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from flask import Flask
from flask_session.defaults import Defaults
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from ...runtime.processes import PerProcess, set_aside
from ..server.interface import Ending, Pruned, Rest, StoreInterface, keys_of
from .locks import LOCK, Lock
from .proof import prove
from .settings import BadSetting, no_answer
from .sql_locks import SqlLock
from .sql_tables import label_table, lock_table

KEY = "SESSION_SQLALCHEMY"
#: Of the versions before it, connections come back without their isolation level.
_OLDEST = (2, 0, 20)
#: How many rows are looked at, and removed if they have expired, with one statement.
_PRUNED_AT_ONCE = 5000
#: The drivers that give up on a server that hangs.
_LIMITED = {"psycopg", "pysqlite"}
_FORMS = (
    "must be a URL such as postgresql://user@host/database or "
    "sqlite:////path/to/file, or a Flask-SQLAlchemy object"
)


class SqlInterface(StoreInterface):
    """Keeps sessions in Flask-Session's table, one short statement at a time.

    No statement takes part in a transaction of the app.
    """

    ttl = False
    failures = (SQLAlchemyError, OSError)

    def __init__(
        self,
        app: Flask,
        settings: Mapping[str, t.Any],
        limit: float,
        engine: sa.Engine,
    ) -> None:
        super().__init__(app, settings, limit)
        self._engines = PerProcess(functools.partial(_own, engine, os.getpid()))
        self.table = _table(settings)
        self.labels = label_table(self.table)
        self.locks = lock_table(self.table)

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
            # Another request was faster.
            self._update(key, value, max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        return self._update(key, value, max_age, self.table.c.expiry > _now())

    def remove(self, key: str) -> None:
        self._execute(self.table.delete().where(self.table.c.session_id == key))

    def prune(self, rest: Rest = None) -> Pruned:
        # Along an index that is there: one for the expiry would have to be added to
        # tables that are large already.
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

    def try_lock(self, key: str) -> Lock | None:
        lock = SqlLock(self.engine, self.locks, LOCK + key)
        return lock if lock.take() else None

    def label(self, name: str, record: str, max_age: int, longest: int) -> None:
        with self._transaction() as connection:
            self._label(connection, name, record, max_age)

    def labelled(self, *names: str) -> list[str]:
        labels = self.labels.c
        wanted = (
            sa.select(labels.record)
            .where(labels.name.in_(names), labels.expiry > _now())
            .order_by(labels.expiry)
        )
        with self.engine.connect() as connection:
            return list(connection.scalars(wanted))

    def unlabel(self, name: str, records: Sequence[str], longest: int) -> None:
        with self._transaction() as connection:
            self._unlabel(connection, [(name, record) for record in records])

    def begin(
        self,
        values: Mapping[str, bytes],
        labels: Sequence[str],
        record: str,
        max_age: int,
        longest: int,
    ) -> bool:
        expiry = _now(max_age)
        rows = [
            {"session_id": key, "data": value, "expiry": expiry}
            for key, value in values.items()
        ]
        with self._transaction() as connection:
            connection.execute(self.table.insert(), rows)
            for name in labels:
                self._label(connection, name, record, max_age)
        return True

    def end(self, endings: Sequence[Ending], longest: int) -> None:
        gone = self.table.delete().where(self.table.c.session_id == sa.bindparam("key"))
        pairs = [(name, each.record) for each in endings for name in each.labels]
        with self._transaction() as connection:
            # In one order everywhere, so that two of these never wait for each other.
            connection.execute(gone, [{"key": key} for key in sorted(keys_of(endings))])
            self._unlabel(connection, pairs)

    def _label(
        self, connection: sa.Connection, name: str, record: str, max_age: int
    ) -> None:
        row = {"name": name, "record": record, "expiry": _now(max_age)}
        connection.execute(self.labels.insert().values(row))

    def _unlabel(
        self, connection: sa.Connection, pairs: Sequence[tuple[str, str]]
    ) -> None:
        """Take labels from records, a label and its record in each pair."""
        labels = self.labels.c
        gone = self.labels.delete().where(
            labels.name == sa.bindparam("of"), labels.record == sa.bindparam("which")
        )
        rows = [{"of": name, "which": record} for name, record in sorted(pairs)]
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


def make_interface(
    app: Flask, settings: Mapping[str, t.Any], limit: float
) -> SqlInterface:
    """Return the interface; its table is there, and made if need be."""
    _require_version()
    url, connect_args = _place(app, settings)
    engine = _engine(url, connect_args, limit / 2)
    if engine.driver not in _LIMITED:
        app.logger.warning(
            "%s uses the driver %s, which has no time limit that is known here: while "
            "the server hangs, so does the app. Use postgresql+psycopg://.",
            KEY,
            engine.driver,
        )
    interface = SqlInterface(app, settings, limit, engine)
    name = url.database if url.host is None else f"{url.host}:{url.port or 5432}"
    try:
        _make_tables(interface)
        prove(interface, KEY, str(name))
    except (SQLAlchemyError, OSError) as error:
        raise no_answer(KEY, str(name), error) from error
    finally:
        # A process that is forked from here on must not share its connections.
        engine.dispose()
    return interface


def _place(
    app: Flask, settings: Mapping[str, t.Any]
) -> tuple[sa.URL, dict[str, t.Any]]:
    """Return the database's URL, and how the app connects to it."""
    setting: t.Any = settings.get(KEY)
    if isinstance(setting, str):
        try:
            return _with_psycopg(sa.make_url(setting.strip())), {}
        # Of a port that is no number it is a ValueError.
        except (ArgumentError, ValueError):
            raise BadSetting(KEY, _FORMS) from None
    if not hasattr(type(setting), "engines"):
        raise BadSetting(KEY, _FORMS)
    options = app.config.get("SQLALCHEMY_ENGINE_OPTIONS") or {}
    try:
        with app.app_context():
            url = setting.engines[settings.get("SESSION_SQLALCHEMY_BIND_KEY")].url
    except (RuntimeError, KeyError) as error:
        raise BadSetting(
            KEY, "is not set up for this app: call its init_app() before"
        ) from error
    return _with_psycopg(url), dict(options.get("connect_args") or {})


def _with_psycopg(url: sa.URL) -> sa.URL:
    """Return a URL with the driver that can be told to give up, as psycopg2 cannot.

    The app's own connections are not concerned: those of sessions are others.
    """
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg2"}:
        return url.set(drivername="postgresql+psycopg")
    return url


def _require_version() -> None:
    """Refuse a SQLAlchemy that gives connections back in the wrong isolation level."""
    version = tuple(map(int, re.findall(r"\d+", sa.__version__)[:3]))
    if version < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise BadSetting(
            KEY,
            f"needs SQLAlchemy {oldest} or later, and {sa.__version__} is installed, "
            "which loses every login; install it with "
            f"pip install 'sqlalchemy>={oldest}'",
        )


def _engine(url: sa.URL, connect_args: dict[str, t.Any], timeout: float) -> sa.Engine:
    in_memory = {None, "", ":memory:"}
    if url.get_backend_name() == "sqlite":
        if url.database in in_memory or "mode=memory" in str(url):
            raise BadSetting(
                KEY,
                "names a database in memory, which has no room for work beside the "
                "app's own; name a file",
            )
        connect_args = {**connect_args, "timeout": timeout}
    try:
        engine = sa.create_engine(
            url,
            connect_args=connect_args,
            isolation_level="AUTOCOMMIT",
            **({} if "sqlite" in url.drivername else {"pool_timeout": timeout}),
        )
    except ArgumentError as error:
        raise BadSetting(KEY, _FORMS) from error
    except sa.exc.NoSuchModuleError as error:
        raise BadSetting(KEY, _FORMS) from error
    if engine.driver == "psycopg":
        _limit_waiting(engine, timeout)
    return engine


def _limit_waiting(engine: sa.Engine, timeout: float) -> None:
    """Let psycopg give up on a server that takes too long, which it never does."""
    import psycopg

    class TooSlow(psycopg.OperationalError):
        pass

    def limited(
        waiting: Generator[t.Any, t.Any, t.Any],
    ) -> Generator[t.Any, t.Any, t.Any]:
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

    class Connection(psycopg.Connection[t.Any]):
        def wait(self, gen: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
            try:
                return super().wait(limited(gen), *args, **kwargs)
            except TooSlow:
                # What it was asked may still arrive: it is no use any more.
                self.pgconn.finish()
                raise

        @classmethod
        def _connect_gen(cls, *args: t.Any, **kwargs: t.Any) -> t.Any:
            return limited(super()._connect_gen(*args, **kwargs))

    @sa.event.listens_for(engine, "do_connect")
    def connect(
        dialect: t.Any, record: t.Any, args: t.Any, kwargs: dict[str, t.Any]
    ) -> t.Any:
        # Behind a pooler, the next statement may come to another server's connection.
        kwargs.setdefault("prepare_threshold", None)
        return Connection.connect(*args, **kwargs)


def _own(engine: sa.Engine, maker: int) -> sa.Engine:
    """Return an engine without the connections of another process.

    :param maker: the process that has made the engine.
    """
    if os.getpid() != maker:
        set_aside(engine.pool)
        engine.dispose(close=False)
    return engine


def _metadata(settings: Mapping[str, t.Any]) -> sa.MetaData:
    """Return where the tables are declared: beside the app's own, if those are known.

    Alembic drops the tables of a database that no metadata of the app has.
    """
    known = getattr(settings.get(KEY), "metadatas", {})
    found = known.get(settings.get("SESSION_SQLALCHEMY_BIND_KEY"))
    return sa.MetaData() if found is None else t.cast(sa.MetaData, found)


def _table(settings: Mapping[str, t.Any]) -> sa.Table:
    """Return Flask-Session's table."""
    metadata = _metadata(settings)
    name = settings.get("SESSION_SQLALCHEMY_TABLE") or Defaults.SESSION_SQLALCHEMY_TABLE
    schema = settings.get("SESSION_SQLALCHEMY_SCHEMA") or metadata.schema
    known = metadata.tables.get(f"{schema}.{name}" if schema else name)
    if known is not None:
        # Several apps may share one Flask-SQLAlchemy object.
        return _checked(known)
    sequence = settings.get("SESSION_SQLALCHEMY_SEQUENCE")
    numbered = [sa.Sequence(sequence)] if sequence else []
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer, *numbered, primary_key=True),
        sa.Column("session_id", sa.String(255), unique=True),
        sa.Column("data", sa.LargeBinary),
        sa.Column("expiry", sa.DateTime),
        schema=schema,
    )


def _checked(table: sa.Table) -> sa.Table:
    if {"session_id", "data", "expiry"} <= set(table.columns.keys()):
        return table
    raise BadSetting(
        "SESSION_SQLALCHEMY_TABLE",
        f"is '{table.name}', which is another table of the app; choose another name",
    )


def _make_tables(interface: SqlInterface) -> None:
    for table in (interface.table, interface.labels, interface.locks):
        try:
            table.create(interface.engine, checkfirst=True)
        except SQLAlchemyError:
            # Another process may have made it meanwhile.
            if not sa.inspect(interface.engine).has_table(table.name, table.schema):
                raise
    interface.fetch("?")
    interface.labelled("?")


def _now(later: int = 0) -> datetime:
    """Return a moment as Flask-Session keeps it: UTC, and not saying so."""
    moment = datetime.now(timezone.utc) + timedelta(seconds=later)
    return moment.replace(tzinfo=None)
