"""Sessions in PostgreSQL."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.harness import postgres_server

from . import Commands, Place

#: What only reads.
READING = frozenset({"select"})
_SIZE = """
    SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
    WHERE relname IN ('sessions', 'sessions_index', 'sessions_locks')
"""
_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (\w+)")


@contextmanager
def running(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Run a server, if the wheel with one is here."""
    if not postgres_server.is_installed():
        yield None
        return
    with running_server(folder / "postgresql") as engine, engine.connect() as asking:
        version = str(asking.scalar(sa.text("SHOW server_version"))).split()[0]
        url = engine.url.render_as_string()
        yield Place(
            "PostgreSQL",
            version,
            {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url},
            lambda: float(asking.scalar(sa.text(_SIZE)) or 0),
            "``pg_total_relation_size``",
            lambda: _asked(folder / "postgresql" / "log"),
            READING,
            "in_bulk",
        )


@contextmanager
def running_server(folder: Path) -> Iterator[sa.Engine]:
    """Run a server that logs statements and never cleans up by itself."""
    with postgres_server.running_postgres(folder) as socket:
        url = sa.make_url(f"postgresql+psycopg://postgres@/postgres?host={socket}")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for setting in ("log_statement = 'all'", "autovacuum = off"):
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        try:
            yield engine
        finally:
            engine.dispose()


def _asked(log: Path) -> Commands:
    """Return what was asked of the tables of sessions, and around it."""
    found: t.Iterable[str] = _STATEMENT.findall(log.read_text(errors="replace"))
    return Commands(verb.lower() for verb in found)
