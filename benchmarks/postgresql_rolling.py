"""What the activity of users leaves in PostgreSQL's table of sessions."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa

from .report import Table

#: Parts of a page that new rows fill, in percent: the default, and what leaves room.
_FILLFACTORS = (100, 95, 90)
#: Times that activity is noted of one session in ten, always of others.
_ROUNDS = 10
_ROLL = """
DO $$ DECLARE head text; BEGIN
    FOR head IN SELECT session_id FROM heads WHERE number % {rounds} = {round} LOOP
        UPDATE sessions SET data = data, expiry = expiry WHERE session_id = head;
        COMMIT;
    END LOOP;
END $$
"""
_FOUND = """
    SELECT n_tup_upd AS updated, n_tup_hot_upd AS hot, n_dead_tup AS dead,
        pg_relation_size('sessions') AS heap, pg_indexes_size('sessions') AS indexes
    FROM pg_stat_user_tables WHERE relname = 'sessions'
"""


def table(engine: sa.Engine) -> Table:
    """Note the activity of each session once, at each fillfactor.

    :param engine: of a database with sessions.
    """
    headings = [
        *("fillfactor", "Activity noted", "without a new entry in an index"),
        *("Dead rows", "The table grows by", "Its indexes grow by"),
    ]
    with engine.connect() as connection:
        _name_heads(connection)
        rows = [_row(connection, each) for each in _FILLFACTORS]
    return Table("Activity in PostgreSQL", headings, rows)


def _name_heads(connection: sa.Connection) -> None:
    """Keep the keys of all records that activity changes, in no order."""
    for statement in (
        "CREATE TABLE heads AS SELECT session_id, "
        "row_number() OVER (ORDER BY md5(session_id)) AS number "
        "FROM sessions WHERE session_id LIKE '%%.head'",
        # No row is lost here that anybody misses.
        "SET synchronous_commit = off",
    ):
        connection.exec_driver_sql(statement)


def _row(connection: sa.Connection, fillfactor: int) -> list[str]:
    for statement in (
        f"ALTER TABLE sessions SET (fillfactor = {fillfactor})",
        "VACUUM FULL sessions",
        "SELECT pg_stat_reset()",
    ):
        connection.exec_driver_sql(statement)
    before = _found(connection)
    for number in range(_ROUNDS):
        roll = _ROLL.format(rounds=_ROUNDS, round=number)
        connection.exec_driver_sql(roll.replace("%", "%%"))
    after = _found(connection)
    return [
        str(fillfactor),
        f"{after.updated:,}",
        f"{after.hot / after.updated:.0%}",
        f"{after.dead:,}",
        f"{after.heap / before.heap - 1:.0%}",
        f"{after.indexes / before.indexes - 1:.0%}",
    ]


def _found(connection: sa.Connection) -> t.Any:
    connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
    return connection.exec_driver_sql(_FOUND.replace("%", "%%")).one()
