"""Sessions in a file of SQLite, which needs no server and no driver."""

from __future__ import annotations

import os
import sqlite3
import time
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from ...runtime.processes import PerProcess
from . import lease
from .bad_settings import BadSetting, no_answer
from .base import BackEnd, Ending, Labelling, Pruned, Rest, Setup, keys_of
from .proof import prove

KEY = "SESSION_SQLITE"
DEFAULT = "flask_session.db"
_LAYOUT = """
CREATE TABLE IF NOT EXISTS sessions (key TEXT PRIMARY KEY, value BLOB, expiry REAL);
CREATE TABLE IF NOT EXISTS labels
    (label TEXT, record TEXT, expiry REAL, PRIMARY KEY (label, record));
CREATE TABLE IF NOT EXISTS locks (name TEXT PRIMARY KEY, holder TEXT, expiry REAL);
CREATE INDEX IF NOT EXISTS sessions_expiry ON sessions (expiry);
CREATE INDEX IF NOT EXISTS labels_expiry ON labels (expiry);
"""
_INSERT = "INSERT OR REPLACE INTO {} VALUES (?, ?, ?)"
_PRUNE = (
    "DELETE FROM {0} WHERE rowid IN (SELECT rowid FROM {0} WHERE expiry <= ? LIMIT ?)"
)
#: The statements that remove some expired rows, one per table.
_PRUNES = tuple(_PRUNE.format(table) for table in ("sessions", "labels", "locks"))
#: The rows that one statement of a full removal removes, and each write besides.
_PRUNED_AT_ONCE, _PRUNED_BESIDE = 5000, 10


class Connections:
    """The connections of a process to a file; one thread at a time uses each.

    :param timeout: seconds to wait for another process that writes.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._idle: list[sqlite3.Connection] = []

    @contextmanager
    def one(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in autocommit mode."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        except BaseException:
            # Closing a connection rolls back an unfinished transaction.
            connection.close()
            raise
        self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        # After a loss of power, an ended session must not be back.
        connection.execute("PRAGMA synchronous = FULL")
        return connection


class SqliteBackEnd(BackEnd):
    """Keeps sessions in a table; each transaction removes some that have expired."""

    failures: tuple[type[Exception], ...] = (sqlite3.Error, OSError)

    def __init__(self, setup: Setup, path: str) -> None:
        timeout = setup.limit / 2
        super().__init__(setup, PerProcess(lambda: Connections(path, timeout)))

    def fetch(self, key: str) -> bytes | None:
        return self.fetch_together(key)[key]

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        wanted = "SELECT value FROM sessions WHERE key = ? AND expiry > ?"
        now = time.time()
        with self.client.one() as connection:
            rows = {k: connection.execute(wanted, (k, now)).fetchone() for k in keys}
        return {key: row[0] if row else None for key, row in rows.items()}

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        self.begin({key: value}, Labelling("", (), max_age, max_age))

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        change = (
            "UPDATE sessions SET value = ?, expiry = ? WHERE key = ? AND expiry > ?"
        )
        now = time.time()
        return bool(self.write(change, value, now + max_age, key, now))

    def add(self, key: str, value: bytes, max_age: int) -> bool:
        now = time.time()
        return bool(
            self.write(
                "INSERT INTO sessions VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE "
                "SET value = excluded.value, expiry = excluded.expiry "
                "WHERE sessions.expiry <= ?",
                *(key, value, now + max_age, now),
            )
        )

    def remove(self, key: str) -> None:
        self.write("DELETE FROM sessions WHERE key = ?", key)

    def remove_same(self, key: str, value: bytes) -> None:
        self.write("DELETE FROM sessions WHERE key = ? AND value = ?", key, value)

    def label(self, labelling: Labelling) -> None:
        self.begin({}, labelling)

    def labelled(self, *labels: str) -> list[str]:
        wanted = (
            "SELECT record FROM labels WHERE label = ? AND expiry > ? ORDER BY expiry"
        )
        now = time.time()
        with self.client.one() as connection:
            found = [
                connection.execute(wanted, (each, now)).fetchall() for each in labels
            ]
        return [record for rows in found for (record,) in rows]

    def unlabel(self, label: str, records: Sequence[str]) -> None:
        self.end([Ending(each, (), (label,)) for each in records])

    def begin(self, values: Mapping[str, bytes], labelling: Labelling) -> bool:
        expiry = time.time() + labelling.max_age
        rows = [(key, value, expiry) for key, value in values.items()]
        labels = [(label, labelling.record, expiry) for label in labelling.labels]
        with self.transaction() as connection:
            connection.executemany(_INSERT.format("sessions"), rows)
            connection.executemany(_INSERT.format("labels"), labels)
        return True

    def end(self, endings: Sequence[Ending]) -> None:
        keys = [(key,) for key in keys_of(endings)]
        pairs = [(label, each.record) for each in endings for label in each.labels]
        gone = "DELETE FROM labels WHERE label = ? AND record = ?"
        with self.transaction() as connection:
            connection.executemany("DELETE FROM sessions WHERE key = ?", keys)
            connection.executemany(gone, pairs)

    def lock(self, key: str) -> SqliteLock:
        return SqliteLock(self, key)

    def prune(self, rest: Rest = None) -> Pruned:
        number = rest or 0
        removed = self.write(_PRUNES[number], time.time(), _PRUNED_AT_ONCE)
        if removed < _PRUNED_AT_ONCE:
            number += 1
        counted = 0 if rest else removed
        return Pruned(counted, number if number < len(_PRUNES) else None)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a transaction."""
        with self.client.one() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            for each in _PRUNES:
                connection.execute(each, (time.time(), _PRUNED_BESIDE))
            connection.execute("COMMIT")

    def write(self, statement: str, *parameters: t.Any) -> int:
        """Execute one statement; return the number of rows that it has changed."""
        with self.client.one() as connection:
            return int(connection.execute(statement, parameters).rowcount)


class SqliteLock(lease.HolderLock[SqliteBackEnd]):
    """A lock as a row with its holder and its end."""

    def take(self) -> bool:
        now = time.time()
        return bool(
            self._back_end.write(
                "INSERT INTO locks VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET holder = excluded.holder, expiry = excluded.expiry "
                "WHERE locks.expiry <= ?",
                *(self._name, self._holder, now + lease.LEASE, now),
            )
        )

    def renew(self) -> bool:
        change = "UPDATE locks SET expiry = ? WHERE name = ? AND holder = ?"
        end = time.time() + lease.LEASE
        return bool(self._back_end.write(change, end, self._name, self._holder))

    def release(self) -> None:
        gone = "DELETE FROM locks WHERE name = ? AND holder = ?"
        self._back_end.write(gone, self._name, self._holder)


def make(setup: Setup) -> SqliteBackEnd:
    """Return the back end, making its file if that is missing."""
    path = _path(setup.settings.get(KEY) or DEFAULT)
    back_end = SqliteBackEnd(setup, path)
    try:
        _make_file(path)
        _lay_out(back_end)
        prove(back_end, KEY, path)
    except (sqlite3.Error, OSError) as error:
        raise no_answer(KEY, path, error) from error
    finally:
        # Processes that are forked later must not inherit open connections.
        back_end.close()
    return back_end


def _path(setting: t.Any) -> str:
    if not isinstance(setting, str | os.PathLike):
        raise BadSetting(KEY, "must be the path of a file")
    path = os.fspath(setting)
    if path.startswith((":memory:", "file:", "sqlite:")):
        raise BadSetting(KEY, "must be the path of a file, and no URL")
    return os.path.abspath(path)


def _make_file(path: str) -> None:
    """Make a file that no other user of the host can read, if there is none."""
    # SQLite itself raises the error that tells why a file cannot be opened.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _lay_out(back_end: SqliteBackEnd) -> None:
    with back_end.client.one() as connection:
        # With a write-ahead log, readers do not wait for a writer. On a file system
        # without shared memory, the file keeps its mode.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {_LAYOUT} COMMIT;")
