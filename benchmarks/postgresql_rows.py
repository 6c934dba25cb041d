"""PostgreSQL's tables with many rows: indexes, and the removal of what has expired."""

from __future__ import annotations

import logging
import time
import typing as t

import sqlalchemy as sa

from flask_auth0.sessions.stores.base import Setup
from flask_auth0.sessions.stores.sql_engine import KEY
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd, make

from .report import Table

_LOGGER = logging.getLogger(__name__)
#: Seconds that a statement may take.
_PATIENCE = 1200
#: Rows of a session: three with its values, and two labels.
PER_SESSION = 5
#: The rows that the last line of the table is for.
_RECKONED = 100_000_000
#: Sessions in each of which one has expired: those of a day, of three.
_EXPIRED = 3
_FILL = """
    INSERT INTO sessions (session_id, data, expiry)
    SELECT made.key, made.data,
        now() + CASE WHEN n %% {expired} = 0 THEN -1 ELSE 1 END * interval '1 day'
    FROM generate_series(1, {count}) AS n,
    LATERAL (VALUES
        ('session:' || repeat(md5('s' || n), 2), decode(repeat(md5('s'), 5), 'hex')),
        ('flask_auth0.state:' || left(md5('r' || n), 24) || '.head',
            decode(repeat(md5('h' || n), 38), 'hex')),
        ('flask_auth0.state:' || left(md5('r' || n), 24) || '.body',
            decode(repeat(md5('b' || n), 7), 'hex'))
    ) AS made (key, data);
    INSERT INTO sessions_index (name, record, expiry)
    SELECT 'flask_auth0.index:' || left(md5(kind || n), 24), left(md5('r' || n), 24),
        now() + CASE WHEN n %% {expired} = 0 THEN -1 ELSE 1 END * interval '1 day'
    FROM generate_series(1, {count}) AS n, unnest(ARRAY['sub', 'sid']) AS kind;
    VACUUM ANALYZE sessions;
    VACUUM ANALYZE sessions_index;
    CHECKPOINT
"""
_SIZES = """
    SELECT pg_relation_size('sessions_pkey') AS ids,
        pg_relation_size('sessions_session_id_key') AS keys,
        pg_relation_size('sessions_index_pkey') AS labels
"""


class Grown(t.NamedTuple):
    """What was found of tables with so many rows."""

    rows: float
    #: Bytes of all indexes.
    indexes: float
    #: Seconds, and those of the longest part.
    pruning: float
    longest: float
    #: Rows of sessions that it has removed.
    removed: float
    #: Seconds.
    vacuum: float

    def times(self, rows: int) -> Grown:
        """Return what follows for as many rows, if it grows as they do."""
        factor = rows / self.rows
        return Grown(*(factor * each for each in self))._replace(longest=self.longest)


def table(engine: sa.Engine, rows: t.Iterable[int]) -> Table:
    """Fill a database with so many rows, and remove what has expired.

    :param engine: of any database of the server.
    """
    found = [_grown(engine, each) for each in rows]
    reckoned = found[-1].times(_RECKONED)
    lines = [_line(each, f"{each.rows:,.0f}") for each in found]
    lines.append(_line(reckoned, f"{_RECKONED:,} (reckoned)"))
    headings = [
        *("Rows", "Indexes, MB", "Removal, s", "its longest part, ms"),
        *("Sessions' rows removed", "VACUUM, s"),
    ]
    return Table("Many rows in PostgreSQL, a third of them expired", headings, lines)


def _grown(engine: sa.Engine, rows: int) -> Grown:
    name = f"rows_{rows}"
    own = engine.url.set(database=name)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        store = make(Setup({KEY: own.render_as_string()}, _PATIENCE, _LOGGER))
        try:
            return _measured(store, rows)
        finally:
            store.close()
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _measured(store: SqlBackEnd, rows: int) -> Grown:
    with store.engine.connect() as connection:
        _fill(connection, rows)
        indexes = sum(connection.exec_driver_sql(_SIZES).one())
        times, removed = zip(*_pruned(store), strict=True)
        began = time.perf_counter()
        connection.exec_driver_sql("VACUUM sessions, sessions_index")
        vacuum = time.perf_counter() - began
    return Grown(rows, indexes, sum(times), max(times), sum(removed), vacuum)


def _fill(connection: sa.Connection, rows: int) -> None:
    """Make the rows, in no order of their keys, as logins do."""
    fill = _FILL.format(count=rows // PER_SESSION, expired=_EXPIRED)
    # What a crash of these minutes would lose is made again.
    _secure(connection, "off")
    for statement in fill.split(";"):
        connection.exec_driver_sql(statement)
    _secure(connection, "on")


def _secure(connection: sa.Connection, value: str) -> None:
    for setting in ("fsync", "full_page_writes"):
        connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = {value}")
    connection.exec_driver_sql("SELECT pg_reload_conf()")


def _pruned(store: SqlBackEnd) -> t.Iterator[tuple[float, int]]:
    """Remove all that has expired; return how long each part took, and its rows."""
    rest: t.Any = None
    while True:
        began = time.perf_counter()
        pruned = store.prune(rest)
        yield time.perf_counter() - began, pruned.removed
        rest = pruned.rest
        if rest is None:
            return


def _line(found: Grown, name: str) -> list[str]:
    return [
        name,
        f"{found.indexes / 10**6:,.0f}",
        f"{found.pruning:,.1f}",
        f"{found.longest * 1000:,.0f}",
        f"{found.removed:,.0f}",
        f"{found.vacuum:,.1f}",
    ]
