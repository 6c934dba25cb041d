"""``flask auth0 sessions prune``."""

from __future__ import annotations

import os
import sqlite3
import time
import typing as t
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from redis import Redis

from flask_auth0.cli import auth0
from flask_auth0.cli.sessions import _prune
from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.sessions.stores import sqlalchemy
from tests.fixtures.rounds import Rounds
from tests.harness.visitor import MakeApp, MakeVisitor


def prune(app: Flask) -> t.Any:
    return app.test_cli_runner().invoke(auth0, ["sessions", "prune"])


def fill(app: Flask) -> t.Any:
    """Keep one thing that has expired and one that has not."""
    interface: t.Any = app.session_interface
    interface._upsert_session(timedelta(seconds=-10), {"a": 1}, "session:old")
    interface._upsert_session(timedelta(seconds=60), {"b": 2}, "session:new")
    assert interface._retrieve_session_data("session:old") is None
    return interface


def test_rows_that_have_expired_go(make_app: MakeApp, tmp_path: Path) -> None:
    file = tmp_path / "sessions.db"
    url = f"sqlite:///{file}"
    app = make_app({"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url})
    fill(app)
    assert "Removed 1 " in prune(app).output
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT session_id FROM sessions").fetchall()
    connection.close()
    assert rows == [("session:new",)]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sessions.db'}"
    return t.cast(str, request.getfixturevalue("postgres_url"))


def test_very_many_rows_go_in_parts(
    make_app: MakeApp,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    rounds: Rounds,
) -> None:
    """However many there are, no statement takes long, and none is left."""
    number = rounds(short=2000, full=1_000_000)
    if number == 2000:
        monkeypatch.setattr(sqlalchemy, "_PRUNED_AT_ONCE", 300)
    url = {"SESSION_SQLALCHEMY": database}
    app = make_app({"SESSION_TYPE": "sqlalchemy", **url})
    store: t.Any = back_end_of(app.session_interface)
    expiry = datetime(2020, 1, 1)
    later = datetime(2120, 1, 1)
    rows = [
        {
            "session_id": f"s{n}",
            "data": b"1",
            "expiry": later if n % 10 == 0 else expiry,
        }
        for n in range(number)
    ]
    labels = [
        {"name": f"l{n}", "record": "r", "expiry": row["expiry"]}
        for n, row in enumerate(rows)
    ]
    store._transact((store.table.insert(), rows), (store.labels.insert(), labels))
    statements = []
    sa.event.listen(
        store.engine, "after_cursor_execute", lambda *args: statements.append(args[2])
    )
    result = prune(app)
    assert result.exit_code == 0
    assert (
        result.output == f"Removed {number * 9 // 10} expired sessions and records.\n"
    )
    assert len(statements) > 10
    with store.engine.connect() as connection:
        for table in (store.table, store.labels):
            left = connection.scalar(sa.select(sa.func.count()).select_from(table))
            assert left == number // 10


def test_a_terminal_sees_how_far_it_is(
    make_app: MakeApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    url = {"SESSION_SQLALCHEMY": f"sqlite:///{tmp_path / 'sessions.db'}"}
    app = make_app({"SESSION_TYPE": "sqlalchemy", **url})
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    interface: t.Any = app.session_interface
    assert _prune(interface.back_end) == 0
    assert capfd.readouterr().err.endswith("\rRemoved 0 …\n")


def test_what_is_on_a_server_goes_with_its_record(
    make_app: MakeApp, make_visitor: MakeVisitor, redis_url: str
) -> None:
    """A browser that is gone leaves nothing behind for a month."""
    settings = {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
        make_visitor(make_app(settings, session_absolute_duration=600)).log_in()
        ages = [redis.ttl(key) for key in redis.keys("session:*")]
        assert ages
        assert max(ages) <= 600
        redis.flushdb()
        own = {**settings, "PERMANENT_SESSION_LIFETIME": 86400}
        make_visitor(make_app(own, session_absolute_duration=600)).log_in()
        assert redis.ttl(redis.keys("session:*")[0]) > 600


def test_files_that_have_expired_go(make_app: MakeApp, tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    app = make_app({"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": str(folder)})
    interface: t.Any = app.session_interface
    interface._upsert_session(timedelta(seconds=60), {"b": 2}, "session:new")
    interface._upsert_session(timedelta(seconds=60), {"a": 1}, "session:old")
    path = Path(interface.back_end.cache._get_filename("session:old"))
    path.write_bytes((1).to_bytes(4, "little") + path.read_bytes()[4:])
    (folder / "rubbish").write_bytes(b"x")
    # Files that writes have left behind on a full disk, and one that is being written.
    for name, age in [("old", 7200), ("new", 0)]:
        (folder / f"{name}.__wz_cache").write_bytes(b"")
        at = time.time() - age
        os.utime(folder / f"{name}.__wz_cache", (at, at))
    assert "Removed 1 " in prune(app).output
    assert not path.exists()
    assert [each.name for each in folder.glob("*.__wz_cache")] == ["new.__wz_cache"]
    assert interface._retrieve_session_data("session:new") == {"b": 2}


def test_others_do_it_themselves(make_app: MakeApp, redis_url: str) -> None:
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url})
    assert "itself" in prune(app).output


def test_cookies_are_not_pruned(make_app: MakeApp) -> None:
    result = prune(make_app())
    assert result.exit_code == 1
    assert "SESSION_TYPE" in result.output


def test_a_back_end_that_is_gone(make_app: MakeApp, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    url = f"sqlite:///{folder / 'sessions.db'}"
    app = make_app({"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url})
    (folder / "sessions.db").unlink()
    folder.rmdir()
    result = prune(app)
    assert result.exit_code == 1
    assert "Error: SESSION_SQLALCHEMY names" in result.output


@pytest.mark.parametrize("number", [1, None])
def test_the_apps_own_flask_session(
    make_app: MakeApp, tmp_path: Path, number: int | None
) -> None:
    from cachelib.file import FileSystemCache
    from flask_session import Session

    app = make_app()
    cache = FileSystemCache(str(tmp_path), threshold=0)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
    app.config["SESSION_CLEANUP_N_REQUESTS"] = number
    Session(app)
    assert prune(app).exit_code == 0
