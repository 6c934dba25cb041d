"""Whatever driver a database is named with, a server that hangs is given up on."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_auth0 import SessionStoreUnavailable
from flask_auth0.sessions.server.setup import set_up_sessions
from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd
from tests.contracts.outage import LEEWAY, LIMIT
from tests.harness.deadlines import within
from tests.harness.proxy import Proxy, proxied, unix_socket


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[Proxy]:
    folder = postgres_url.partition("host=")[2]
    with proxied(lambda _: unix_socket(f"{folder}/.s.PGSQL.5432")) as proxy:
        yield proxy


def url_of(proxy: Proxy, scheme: str) -> str:
    return f"{scheme}://postgres@127.0.0.1:{proxy.port}/postgres?sslmode=disable"


def store_of(setting: t.Any, app: Flask) -> SqlBackEnd:
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=setting)
    assert set_up_sessions(app, limit=LIMIT) == []
    store = back_end_of(app.session_interface)
    assert isinstance(store, SqlBackEnd)
    return store


def check_it_gives_up(store: SqlBackEnd, proxy: Proxy) -> None:
    store.keep("key", b"value", 60)
    proxy.freeze()
    with within(LIMIT + LEEWAY), pytest.raises(SessionStoreUnavailable):
        store.ask(store.fetch, "key")
    proxy.thaw()
    assert store.fetch("key") == b"value"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql+psycopg2"])
def test_a_url(proxy: Proxy, scheme: str) -> None:
    check_it_gives_up(store_of(url_of(proxy, scheme), Flask(__name__)), proxy)


def test_a_flask_sqlalchemy_object(proxy: Proxy) -> None:
    """The app's own connections keep the driver, and the time, that they have."""
    app, db = Flask(__name__), SQLAlchemy()
    # Before SQLAlchemy 2.1, that is psycopg2, which is not installed here.
    scheme = "postgresql" if sa.__version__ >= "2.1" else "postgresql+psycopg"
    app.config["SQLALCHEMY_DATABASE_URI"] = url_of(proxy, scheme)
    db.init_app(app)
    with app.app_context():
        own = db.engine
        store = store_of(db, app)
        assert own is db.engine is not store.engine
        assert own.url.drivername == scheme
        assert not own.dialect.dispatch.do_connect
        check_it_gives_up(store, proxy)
        own.dispose()


def test_a_driver_that_cannot_be_told(
    tmp_path: t.Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'sessions.db'}"
    with caplog.at_level(logging.WARNING):
        store_of(url, Flask(__name__))
        assert not caplog.records
        monkeypatch.setattr("sqlalchemy.engine.Engine.driver", "pg8000")
        store_of(url, Flask(__name__))
    assert "uses the driver pg8000, which has no time limit" in caplog.text


@pytest.mark.parametrize("version", ["1.4.18", "2.0.0", "2.0.19", "2.0.0b1"])
def test_an_sqlalchemy_that_loses_logins(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(sa, "__version__", version)
    assert "needs SQLAlchemy 2.0.20 or later" in remedy("sqlite:////nowhere")


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret-word@h:x/db", "://", "postgresql", "no://h/db"]
)
def test_a_url_that_is_none(url: str) -> None:
    said = remedy(url)
    assert "must be a URL such as" in said
    assert "secret-word" not in said


def remedy(url: str) -> str:
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=url)
    (problem,) = set_up_sessions(app, limit=LIMIT)
    assert problem.key == "SESSION_SQLALCHEMY"
    return problem.remedy
