"""The doctor about a SQL database that keeps sessions."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import psycopg
import pytest
from flask import Flask

from flask_auth0.sessions.server.storage import back_end_of
from tests.harness.visitor import MakeApp

from .examined import findings, subject_of

SQL = ("store.tables", "store.rights", "store.primary")
SETUP = (
    "DROP TABLE IF EXISTS sessions, sessions_index, sessions_locks",
    "DROP SCHEMA IF EXISTS fake CASCADE",
    "DROP ROLE IF EXISTS keeper",
    "CREATE SCHEMA fake",
    "CREATE FUNCTION fake.pg_is_in_recovery() RETURNS bool LANGUAGE sql "
    "AS 'SELECT true'",
    "CREATE ROLE keeper LOGIN",
    "GRANT ALL ON SCHEMA public TO keeper",
)
CLEAN_UP = ("DROP OWNED BY keeper", "DROP ROLE keeper", "DROP SCHEMA fake CASCADE")


@pytest.fixture
def make_keeper(
    make_app: MakeApp, postgres_folder: str
) -> t.Iterator[Callable[[str], Flask]]:
    """Make an app with sessions in PostgreSQL, under a name with few rights."""
    connection = psycopg.connect(host=postgres_folder, user="postgres", autocommit=True)
    with connection:
        for statement in SETUP:
            connection.execute(t.cast(t.Any, statement))

        def make(user: str = "keeper", options: str = "") -> Flask:
            url = f"postgresql://{user}@/postgres?host={postgres_folder}{options}"
            settings = {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}
            return make_app(settings)

        yield make
        for statement in CLEAN_UP:
            connection.execute(t.cast(t.Any, statement))


def test_tables_and_rights(make_keeper: Callable[..., Flask]) -> None:
    app = make_keeper()
    found = findings(subject_of(app), *SQL)
    assert [each.level for each in found] == ["ok"] * 3
    assert "sessions_locks" in found[0].told
    engine: t.Any = t.cast(t.Any, back_end_of(app.session_interface)).engine
    with engine.connect() as connection:
        connection.exec_driver_sql("REVOKE DELETE ON sessions FROM keeper")
        (rights,) = findings(subject_of(app), "store.rights")
        assert (rights.level, "DELETE on sessions" in rights.told) == ("wrong", True)
        connection.exec_driver_sql("DROP TABLE sessions_locks")
    found = findings(subject_of(app), *SQL)
    assert [each.level for each in found] == ["wrong", "skipped", "ok"]
    assert found[0].told == "There is no table sessions_locks."
    engine.dispose()


def test_a_replica(make_keeper: Callable[..., Flask]) -> None:
    """A function of the same name stands in for a server that follows another."""
    path = "&options=-csearch_path%3Dfake%2Cpg_catalog%2Cpublic"
    app = make_keeper("postgres", path)
    (found,) = findings(subject_of(app), "store.primary")
    assert (found.level, "replica" in found.told) == ("wrong", True)
    t.cast(t.Any, back_end_of(app.session_interface)).engine.dispose()
