"""Checks of a SQL database that keeps sessions: its tables, and who may do what."""

from __future__ import annotations

import importlib.util
import typing as t
from collections.abc import Iterator

from ...sessions.stores.base import BackEnd
from .examination import Check
from .findings import Verdict, ok, wrong
from .store import SESSIONS, asking

_NEEDED = ("SELECT", "INSERT", "UPDATE", "DELETE")


def _tables(back_end: BackEnd) -> Iterator[Verdict]:
    import sqlalchemy as sa

    for store in _sql(back_end):
        tables = (store.table, store.labels, store.locks)
        inspector = sa.inspect(store.engine)
        missing = [
            each.fullname
            for each in tables
            if not inspector.has_table(each.name, schema=each.schema)
        ]
        if missing:
            advice = "Start the app once with the right to make them, or migrate."
            yield wrong(f"There is no table {' and no '.join(missing)}.", advice)
        else:
            names = ", ".join(each.fullname for each in tables)
            yield ok(f"The tables are there: {names}.")


def _rights(back_end: BackEnd) -> Iterator[Verdict]:
    import sqlalchemy as sa

    for store in _sql(back_end):
        if store.engine.dialect.name != "postgresql":
            return
        with store.engine.connect() as connection:
            missing = [
                f"{right} on {each.fullname}"
                for each in (store.table, store.labels, store.locks)
                for right in _NEEDED
                if not connection.scalar(
                    sa.select(sa.func.has_table_privilege(each.fullname, right))
                )
            ]
        if missing:
            yield wrong(f"The user lacks {', '.join(missing)}.", "GRANT it.")
        else:
            yield ok("The user may do all that sessions need.")


def _primary(back_end: BackEnd) -> Iterator[Verdict]:
    import sqlalchemy as sa

    for store in _sql(back_end):
        if store.engine.dialect.name != "postgresql":
            return
        with store.engine.connect() as connection:
            is_replica = connection.scalar(sa.select(sa.func.pg_is_in_recovery()))
        if is_replica:
            yield wrong("It is a replica, which can only be read.", "Name the primary.")
        else:
            yield ok("It is a primary.")


def _sql(back_end: BackEnd) -> Iterator[t.Any]:
    """Yield the back end, if it is a SQL database."""
    if importlib.util.find_spec("sqlalchemy") is None:
        return
    from ...sessions.stores.sqlalchemy import SqlBackEnd

    if isinstance(back_end, SqlBackEnd):
        yield back_end


CHECKS = (
    Check(f"{SESSIONS}.tables", asking(SESSIONS, _tables), (SESSIONS,)),
    Check(f"{SESSIONS}.rights", asking(SESSIONS, _rights), (f"{SESSIONS}.tables",)),
    Check(f"{SESSIONS}.primary", asking(SESSIONS, _primary), (SESSIONS,)),
)
