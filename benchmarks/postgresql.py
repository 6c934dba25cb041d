"""How far PostgreSQL goes: its rows as time passes, and the numbers that they have."""

from __future__ import annotations

import sqlalchemy as sa

from . import ours, postgresql_rolling, postgresql_rows
from .lab import Lab
from .places import Place
from .report import Table
from .visitor import Visitor

#: The last number that Flask-Session's table has for a row.
_LAST = 2**31 - 1
#: Logins on each day.
_LOGINS = (10_000, 100_000, 1_000_000, 10_000_000)
_NUMBER = sa.text("SELECT last_value FROM sessions_id_seq")


def tables(lab: Lab, place: Place) -> list[Table]:
    """Let the tables age and grow.

    :param place: with sessions in it.
    """
    url = place.settings["SESSION_SQLALCHEMY"]
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        return [
            postgresql_rolling.table(engine),
            _numbers(engine, place),
            postgresql_rows.table(engine, lab.size.rows),
        ]
    finally:
        engine.dispose()


def _numbers(engine: sa.Engine, place: Place) -> Table:
    used = _used_up(engine, place)
    rows = [
        [f"{logins:,}", f"{logins * used:,}", f"{_LAST / logins / used:,.0f}"]
        for logins in _LOGINS
    ]
    headings = ["Logins a day", "Numbers of rows a day", "Days to the last one"]
    return Table(f"A login takes {used} numbers of rows", headings, rows)


def _used_up(engine: sa.Engine, place: Place) -> int:
    """Return how many numbers a login takes."""
    visitor = Visitor(ours.ours_at(place.settings))
    with engine.connect() as connection:
        before = connection.scalar(_NUMBER)
        visitor.log_in()
        return int((connection.scalar(_NUMBER) or 0) - (before or 0))
