"""Sessions in a file of SQLite: whose it is, who waits for whom, and what stays."""

from __future__ import annotations

import sqlite3
import stat
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from flask_auth0 import SessionStoreUnavailable
from flask_auth0.sessions.stores.bad_settings import BadSetting
from flask_auth0.sessions.stores.base import Labelling
from flask_auth0.sessions.stores.sqlite import SqliteBackEnd, make
from tests.harness.scripts import run_script
from tests.harness.setups import setup


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


@pytest.fixture
def store(path: Path) -> SqliteBackEnd:
    return make(setup({"SESSION_SQLITE": path}, limit=0.2))


def rows(path: Path, table: str) -> int:
    connection = sqlite3.connect(path)
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    connection.close()
    return int(count)


def test_nobody_else_can_read_it(store: SqliteBackEnd, path: Path) -> None:
    store.keep("a", b"1", 60)
    files = sorted(path.parent.iterdir())
    assert [each.name for each in files] == [
        f"sessions.db{x}" for x in ("", "-shm", "-wal")
    ]
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_many_that_start_at_once_make_one(path: Path) -> None:
    with ThreadPoolExecutor(16) as executor:
        settings = {"SESSION_SQLITE": str(path)}
        made = list(executor.map(make, [setup(settings, limit=20)] * 16))
    for number, store in enumerate(made):
        store.keep(str(number), b"1", 60)
    assert rows(path, "sessions") == 16


class TestWhileAnotherProcessWrites:
    @pytest.fixture(autouse=True)
    def writer(self, store: SqliteBackEnd, path: Path) -> t.Iterator[None]:
        store.keep("a", b"1", 60)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.close()

    def test_reads_do_not_wait(self, store: SqliteBackEnd) -> None:
        assert store.ask(store.fetch, "a") == b"1"
        assert store.ask(store.labelled, "ada") == []

    def test_writes_wait_no_longer_than_they_may(self, store: SqliteBackEnd) -> None:
        with pytest.raises(SessionStoreUnavailable):
            store.ask(store.keep, "a", b"2", 60)
        assert store.fetch("a") == b"1"


#: Makes the store of these tests in another process.
THERE = """
    import os
    from flask_auth0.sessions.stores.sqlite import make
    from tests.harness.forks import fork
    from tests.harness.setups import setup
    store = make(setup({"SESSION_SQLITE": os.environ["SESSION_SQLITE"]}))
"""


def test_what_a_process_has_not_finished_is_not_there(
    store: SqliteBackEnd, path: Path
) -> None:
    script = """
        with store.transaction() as connection:
            connection.execute("INSERT INTO sessions VALUES ('a', x'31', 9e9)")
            os._exit(0)
    """
    run_script(dedent(THERE) + dedent(script), SESSION_SQLITE=str(path))
    assert store.fetch("a") is None
    store.keep("a", b"2", 60)
    assert store.fetch("a") == b"2"


def test_a_process_that_is_forked_has_connections_of_its_own(path: Path) -> None:
    script = """
        store.keep("a", b"1", 60)
        theirs = store.client
        child = fork()
        if child == 0:
            is_good = store.client is not theirs and store.fetch("a") == b"1"
            os._exit(0 if is_good else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    """
    run_script(dedent(THERE) + dedent(script), SESSION_SQLITE=str(path))


def test_each_write_removes_some_that_have_expired(
    store: SqliteBackEnd, path: Path
) -> None:
    values = {str(number): b"1" for number in range(15)}
    with store.client.one() as connection:
        expired = [(key, value, 1.0) for key, value in values.items()]
        connection.executemany("INSERT INTO sessions VALUES (?, ?, ?)", expired)
        connection.execute("INSERT INTO labels VALUES ('ada', 'one', 1.0)")
        connection.execute("INSERT INTO locks VALUES ('a', 'nobody', 1.0)")
    counts = []
    for _ in range(2):
        store.label(Labelling("two", ["ada"], 60, 60))
        counts.append([rows(path, each) for each in ("sessions", "labels", "locks")])
    assert counts == [[5, 1, 0], [0, 1, 0]]


def test_all_that_has_expired_can_be_removed(store: SqliteBackEnd, path: Path) -> None:
    with store.client.one() as connection:
        connection.execute("BEGIN")
        expired = [(str(number), b"1", 1.0) for number in range(6000)]
        connection.executemany("INSERT INTO sessions VALUES (?, ?, ?)", expired)
        connection.execute("INSERT INTO labels VALUES ('ada', 'one', 1.0)")
        connection.execute("COMMIT")
    removed, rest = 0, None
    while (pruned := store.prune(rest)).rest is not None:
        removed, rest = removed + pruned.removed, pruned.rest
    assert removed + pruned.removed == 6000
    assert rows(path, "sessions") == rows(path, "labels") == 0


@pytest.mark.parametrize("setting", [":memory:", "sqlite:///a", "file:a", 5])
def test_what_is_no_path(setting: t.Any) -> None:
    with pytest.raises(BadSetting, match="must be the path of a file"):
        make(setup({"SESSION_SQLITE": setting}))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="names what cannot be written"):
        make(setup({"SESSION_SQLITE": tmp_path / "none" / "sessions.db"}))


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_text("something else entirely, and for long enough to be read" * 9)
    with pytest.raises(BadSetting, match="is no database of SQLite"):
        make(setup({"SESSION_SQLITE": path}))
