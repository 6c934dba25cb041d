"""Sessions in files of this machine: SQLite, and a folder of cachelib."""

from __future__ import annotations

import os
import sqlite3
import typing as t
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from unittest import mock

from cachelib.file import FileSystemCache

from . import Commands, Place

#: Bytes of the blocks that file systems tell of, whatever their own are.
_BLOCK = 512


@contextmanager
def sqlite(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Take a file, and hear what is asked on all connections to it."""
    path, asked, connect = folder / "sessions.db", Commands(), sqlite3.connect

    def note(statement: str) -> None:
        asked[statement.split()[0].lower()] += 1

    def noted(*args: t.Any, **kwargs: t.Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)
        connection.set_trace_callback(note)
        return connection

    def used() -> float:
        with closing(connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return float(path.stat().st_size) if path.exists() else 0.0

    with mock.patch("sqlite3.connect", noted):
        yield Place(
            "SQLite",
            sqlite3.sqlite_version,
            {"SESSION_TYPE": "sqlite", "SESSION_SQLITE": str(path)},
            used,
            "the file",
            asked.copy,
            frozenset({"select"}),
            "one_by_one",
        )


class CountingCache(FileSystemCache):
    """A folder that counts what is asked of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), threshold=0, mode=0o600)
        self.asked = Commands()

    def get(self, key: str) -> t.Any:
        self.asked["get"] += 1
        return super().get(key)

    def set(
        self,
        key: str,
        value: t.Any,
        timeout: int | timedelta | None = None,
        mgmt_element: bool = False,
    ) -> bool:
        self.asked["set"] += 1
        return super().set(key, value, timeout, mgmt_element)

    def delete(self, key: str, mgmt_element: bool = False) -> bool:
        self.asked["delete"] += 1
        return super().delete(key, mgmt_element)


@contextmanager
def folder(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Take a folder."""
    path = folder / "cachelib"
    cache = CountingCache(path)

    def used() -> float:
        return float(sum(each.stat().st_blocks for each in os.scandir(path)) * _BLOCK)

    yield Place(
        "cachelib",
        "a folder",
        {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": cache},
        used,
        "blocks of the files",
        cache.asked.copy,
        frozenset({"get"}),
        "one_by_one",
    )
