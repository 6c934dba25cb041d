"""The page about how far it goes: its arithmetic fits its tables, its SQL a server."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.cli import auth0 as auth0_commands
from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd

from .conftest import ReadPage
from .pages import Page, captioned, path_of, snippets

PAGE, TABLES = path_of("scale.rst"), path_of("scale.inc")
#: The last number that a column of four bytes has.
LAST = 2**31 - 1


def row(caption: str, name: str) -> list[float]:
    """The numbers in a row of a table that the benchmark has made."""
    (cells,) = [each for each in captioned(TABLES, caption) if each[0].startswith(name)]
    return [float(each.replace(",", "")) for each in cells[1:] if each[:1].isdigit()]


@pytest.fixture
def page(read_page: ReadPage) -> Page:
    return read_page("scale.rst").run()


def test_bytes_in_redis(page: Page) -> None:
    own, user, tokens, note, _ = row("Bytes that a login leaves", "and an access token")
    measured = row("What a session takes on the server", "Redis")[1]
    reckoned = page["bytes_in_redis"](own=own, user=user, tokens=tokens)
    assert reckoned == pytest.approx(measured, rel=0.02)
    assert page["bytes_in_redis"]() == pytest.approx(measured, rel=0.02)
    assert note < 1300


@pytest.mark.parametrize(
    ("done", "requests"),
    [
        ("logins", ["Login", "Callback"]),
        ("pages", ["Page"]),
        ("notes", ["Page that notes activity"]),
        ("refreshes", ["Refresh of a token"]),
        ("logouts", ["Logout"]),
    ],
)
def test_units_of_dynamodb(page: Page, done: str, requests: list[str]) -> None:
    rows = {name: cells for name, *cells in captioned(TABLES, "Units at DynamoDB")}
    units = zip(*([int(each) for each in rows[name]] for name in requests), strict=True)
    assert page["units"](**{done: 1}) == tuple(map(sum, units))


def test_sessions_in_memcached() -> None:
    (_, size, _) = row("What a session takes on the server", "Memcached")
    text = PAGE.read_text("utf-8")
    assert f"// {size:.0f} == {64 * 2**20 // int(size):_}\n" in text


def test_cores_of_redis(page: Page) -> None:
    _, measured = row("Processor's time of a request", "Page")
    assert page["cores_of_redis"] > page["pages"] * measured / 10**6


@pytest.fixture
def store(postgres_url: str, app: Flask, page: Page) -> Iterator[SqlBackEnd]:
    """The sessions of an app in PostgreSQL, whose rows have no more numbers."""
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=postgres_url)
    Auth0(app)
    found = back_end_of(app.session_interface)
    assert isinstance(found, SqlBackEnd)
    execute(found, f"SELECT setval('sessions_id_seq', {LAST})")
    yield found
    found.close()


def execute(store: SqlBackEnd, statement: str) -> t.Any:
    with store.engine.connect() as connection:
        return connection.exec_driver_sql(statement)


def test_the_numbers_of_rows_begin_anew(store: SqlBackEnd) -> None:
    with pytest.raises(sa.exc.DataError, match="reached maximum value"):
        store.keep("session:late", b"1", 60)
    (snippet,) = snippets(PAGE, "sql")
    for statement in snippet.text.split(";")[:-1]:
        execute(store, statement)
    store.keep("session:late", b"1", 60)
    assert store.fetch("session:late") == b"1"


#: Lets the removal of a row take as long as on a disk.
SLOW = """
    CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN PERFORM pg_sleep(0.005); RETURN OLD; END $$;
    CREATE TRIGGER slow BEFORE DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION slow();
    INSERT INTO sessions (session_id, expiry)
    SELECT n, now() - interval '1 day' FROM generate_series(1, 200) AS n
"""


@pytest.mark.parametrize(("seconds", "status"), [("1", 1), ("60", 0)])
def test_a_job_on_a_slow_disk_needs_more_time(
    postgres_url: str,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    seconds: str,
    status: int,
) -> None:
    monkeypatch.setenv("AUTH0_SESSION_STORE_TIMEOUT", seconds)
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=postgres_url)
    Auth0(app)
    found = back_end_of(app.session_interface)
    assert isinstance(found, SqlBackEnd)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SLOW)
    done = app.test_cli_runner().invoke(auth0_commands, ["sessions", "prune"])
    found.close()
    assert done.exit_code == status, done.output
