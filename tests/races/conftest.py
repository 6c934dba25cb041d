"""Real back ends, and crews that make requests at the same time."""

from __future__ import annotations

import sqlite3
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from flask import Flask

from .app import Settings, make_app
from .crew import Browser, Crew, processes, threads

TABLE = "races"
#: The prefix of the records of states.
STATES = "flask_auth0.state:"


class Backend(t.Protocol):
    """A real back end, seen without the extension."""

    @property
    def settings(self) -> Settings:
        """The configuration of an app that keeps its sessions there."""

    def states(self) -> int:
        """Return how many records of states there are."""

    def clear(self) -> None:
        """Forget everything."""


class RedisBackend:
    """A database of a real Redis."""

    def __init__(self, url: str, **settings: t.Any) -> None:
        self.settings = {"SESSION_TYPE": "redis", "SESSION_REDIS": url, **settings}
        self.client = redis.Redis.from_url(url)

    def states(self) -> int:
        return len(list(self.client.scan_iter(f"{STATES}*", count=1000)))

    def clear(self) -> None:
        self.client.flushdb()

    def close(self) -> None:
        self.client.close()


class PostgresBackend:
    """A table of a real PostgreSQL."""

    def __init__(self, folder: str) -> None:
        self.settings = {
            "SESSION_TYPE": "sqlalchemy",
            "SESSION_SQLALCHEMY": f"postgresql://postgres@/postgres?host={folder}",
            "SESSION_SQLALCHEMY_TABLE": TABLE,
        }
        self.connection = psycopg.connect(
            host=folder, user="postgres", dbname="postgres", autocommit=True
        )

    def states(self) -> int:
        count = f"SELECT count(*) FROM {TABLE} WHERE starts_with(session_id, %s)"  # noqa: S608
        row = self.connection.execute(t.cast(t.Any, count), [STATES]).fetchone()
        assert row is not None
        return int(row[0])

    def clear(self) -> None:
        self.connection.execute(f"DELETE FROM {TABLE}")  # noqa: S608

    def close(self) -> None:
        self.connection.close()


class SqliteBackend:
    """A file of SQLite."""

    def __init__(self, path: Path) -> None:
        self.settings = {"SESSION_TYPE": "sqlite", "SESSION_SQLITE": str(path)}
        self.connection = sqlite3.connect(path, timeout=30, isolation_level=None)

    def states(self) -> int:
        count = "SELECT count(*) FROM sessions WHERE key LIKE ?"
        (found,) = self.connection.execute(count, [f"{STATES}%"]).fetchone()
        return int(found)

    def clear(self) -> None:
        for table in ("sessions", "labels", "locks"):
            self.connection.execute(f"DELETE FROM {table}")  # noqa: S608

    def close(self) -> None:
        self.connection.close()


BACKENDS = ("redis", "postgresql", "sqlite", "flask-session")


@pytest.fixture(params=["redis", "postgresql", "sqlite"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """Each back end; ``flask-session`` is Redis where the app set it up itself."""
    made: RedisBackend | PostgresBackend | SqliteBackend
    if request.param == "sqlite":
        made = SqliteBackend(tmp_path / "races.db")
    elif request.param == "postgresql":
        made = PostgresBackend(request.getfixturevalue("postgres_folder"))
    else:
        url = request.getfixturevalue("redis_url")
        own = request.param == "flask-session"
        # Other tests of this process have the first database.
        made = RedisBackend(f"{url}/7", RACES_FLASK_SESSION=own)
    yield made
    made.close()


@pytest.fixture
def app(backend: Backend) -> Flask:
    """The app in this process, on an empty back end."""
    app = make_app(backend.settings)
    backend.clear()
    return app


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture(scope="session")
def crew_of_processes() -> Iterator[Callable[[Settings], Crew]]:
    """Makes a crew of processes, which all tests share, for the settings of an app."""
    with processes() as crew_for:
        yield crew_for


@pytest.fixture(params=["threads", "processes"])
def crew(
    request: pytest.FixtureRequest, backend: Backend, app: Flask
) -> Iterator[Crew]:
    """Each crew, at work on the back end."""
    if request.param == "processes":
        yield request.getfixturevalue("crew_of_processes")(backend.settings)
    else:
        with threads(backend.settings) as crew:
            yield crew


@pytest.fixture(autouse=True)
def closed(closed_clients: None) -> None:
    """No connection of a test's apps outlasts it."""
