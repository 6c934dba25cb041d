"""``flask auth0 sessions prune``."""

from __future__ import annotations

import sqlite3
import typing as t
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from flask_auth0.cli import auth0
from tests.unit.conftest import MakeApp


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


def test_files_that_have_expired_go(make_app: MakeApp, tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    app = make_app({"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": str(folder)})
    interface: t.Any = app.session_interface
    interface._upsert_session(timedelta(seconds=60), {"b": 2}, "session:new")
    interface._upsert_session(timedelta(seconds=60), {"a": 1}, "session:old")
    path = Path(interface.cache._get_filename("session:old"))
    path.write_bytes((1).to_bytes(4, "little") + path.read_bytes()[4:])
    (folder / "rubbish").write_bytes(b"x")
    assert "Removed 1 " in prune(app).output
    assert not path.exists()
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
    assert "cannot be reached" in result.output


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
