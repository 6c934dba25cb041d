"""The homes that sessions are attacked in."""

from __future__ import annotations

import gc
import sqlite3
import typing as t
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd
from tests.harness.visitor import MakeApp

from .homes import Home

#: Seconds: a machine that is busy for hours with cases is no outage.
PATIENCE = 60


@pytest.fixture(params=["cookie", "redis", "sqlite"])
def home(request: pytest.FixtureRequest, make_app: MakeApp) -> Home:
    """An app whose sessions live in each kind of place."""
    return Home(app_at(request.param, request, make_app))


@pytest.fixture(params=["redis", "sqlite", "cachelib"])
def server_home(request: pytest.FixtureRequest, make_app: MakeApp) -> Home:
    """An app whose sessions live on a server."""
    return Home(app_at(request.param, request, make_app))


def app_at(kind: str, request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    if kind == "cookie":
        return make_app()
    if kind == "redis":
        url = request.getfixturevalue("redis_url")
        settings = {"SESSION_TYPE": "redis", "SESSION_REDIS": url}
        return make_app(settings, session_store_timeout=PATIENCE)
    folder: Path = request.getfixturevalue("tmp_path")
    config: dict[str, t.Any] = {
        "sqlite": {
            "SESSION_TYPE": "sqlalchemy",
            "SESSION_SQLALCHEMY": f"sqlite:///{folder}/sessions.db",
        },
        "cachelib": {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": str(folder)},
    }[kind]
    app = make_app(config, session_store_timeout=PATIENCE)
    if kind == "sqlite":
        event.listen(back_end_at(app).engine, "connect", _hurry)
    return app


def back_end_at(app: Flask) -> SqlBackEnd:
    store = back_end_of(app.session_interface)
    assert isinstance(store, SqlBackEnd)
    return store


def _hurry(connection: sqlite3.Connection, record: object) -> None:
    # These sessions need not survive a loss of power.
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA journal_mode=MEMORY")


@pytest.fixture(autouse=True)
def closed(closed_clients: None) -> None:
    """No connection of a test's apps outlasts it."""


@pytest.fixture(autouse=True)
def tidy() -> None:
    """Nothing that other tests have left ends while JSON uses up the stack.

    A finalizer that the garbage collector runs there has no frames left, and fails.
    """
    gc.collect()
