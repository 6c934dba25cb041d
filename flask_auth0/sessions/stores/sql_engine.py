"""The engine of sessions in a SQL database, apart from the app's own."""

from __future__ import annotations

import os
import re
import typing as t

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ...runtime.processes import set_aside
from .bad_settings import BadSetting

KEY = "SESSION_SQLALCHEMY"
#: The first release of SQLAlchemy that resets the isolation level of connections.
_OLDEST = (2, 0, 20)
_FORMS = (
    "must be a URL such as postgresql://user@host/database or "
    "sqlite:////path/to/file, or a Flask-SQLAlchemy object"
)


class Database(Struct, frozen=True):
    """A database, with the metadata of the app if that uses it as well."""

    url: sa.URL
    connect_args: dict[str, t.Any]
    #: The metadata that declares the tables, or Alembic would drop them.
    metadata: sa.MetaData


def database_of(setting: t.Any) -> Database:
    """Return the database of a URL, or a given one."""
    _require_version()
    if isinstance(setting, str):
        try:
            setting = Database(sa.make_url(setting.strip()), {}, sa.MetaData())
        # SQLAlchemy raises ValueError for a port that is no number.
        except (ArgumentError, ValueError):
            raise BadSetting(KEY, _FORMS) from None
    if not isinstance(setting, Database):
        raise BadSetting(KEY, _FORMS)
    return setting


def _require_version() -> None:
    """Refuse a SQLAlchemy that does not reset the isolation level of connections."""
    version = tuple(map(int, re.findall(r"\d+", sa.__version__)[:3]))
    if version < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise BadSetting(
            KEY,
            f"needs SQLAlchemy {oldest} or later, and {sa.__version__} is installed, "
            "which loses every login; install it with "
            f"pip install 'sqlalchemy>={oldest}'",
        )


def make_engine(database: Database, timeout: float) -> sa.Engine:
    """Return an engine in autocommit mode.

    :param timeout: seconds that a connection or a statement may take.
    """
    url, options = _with_psycopg(database.url), dict(database.connect_args)
    waiting: dict[str, t.Any] = {"pool_timeout": timeout}
    if url.get_backend_name() == "sqlite":
        _require_file(url)
        options["timeout"], waiting = timeout, {}
    try:
        engine = sa.create_engine(
            url, connect_args=options, isolation_level="AUTOCOMMIT", **waiting
        )
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadSetting(KEY, _FORMS) from error
    if engine.driver == "psycopg":
        from .postgresql import limit_waiting

        limit_waiting(engine, timeout)
    return engine


def own(engine: sa.Engine, maker: int) -> sa.Engine:
    """Return an engine without the connections of another process.

    :param maker: the id of the process that has made the engine.
    """
    if os.getpid() != maker:
        set_aside(engine.pool)
        engine.dispose(close=False)
    return engine


def _with_psycopg(url: sa.URL) -> sa.URL:
    """Return a URL with psycopg as its driver, as psycopg2 has no limit for a wait.

    The connections of the app stay with its own driver.
    """
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg2"}:
        return url.set(drivername="postgresql+psycopg")
    return url


def _require_file(url: sa.URL) -> None:
    in_memory = {None, "", ":memory:"}
    if url.database in in_memory or "mode=memory" in str(url):
        raise BadSetting(
            KEY,
            "names a database in memory, which has no room for work beside the app's "
            "own; name a file",
        )
