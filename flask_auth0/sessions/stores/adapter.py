"""The back ends of session interfaces that an app has set up itself."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable, Mapping
from datetime import timedelta

from flask_session.base import ServerSideSessionInterface
from flask_session.redis import RedisSessionInterface

from ...runtime.processes import PerProcess
from ..server.interface import StoreInterface
from .label_values import Change, LabelsInValues

T = t.TypeVar("T")

#: Seconds that a request may wait, as far as the app's own client lets anyone decide.
_LIMIT = 2

#: One change of a key at a time, where the back end cannot see to that.
_locks = PerProcess(lambda: [threading.Lock() for _ in range(64)])


class ForeignStore(LabelsInValues):
    """Keeps what is ours through the three operations of Flask-Session."""

    def __init__(self, theirs: ServerSideSessionInterface) -> None:
        super().__init__(theirs.app, {}, _LIMIT)
        self._theirs = theirs

    def ask(self, work: Callable[[], T]) -> T:
        """Do work, for as long as the app's own client lets it take."""
        return work()

    def fetch(self, key: str) -> bytes | None:
        record = self._theirs._retrieve_session_data(key)
        value = record.get("value") if isinstance(record, Mapping) else None
        return value.encode("ascii", "replace") if isinstance(value, str) else None

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        with _lock_of(key):
            self._set(key, value, max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        with _lock_of(key):
            if self.fetch(key) is None:
                return False
            self._set(key, value, max_age)
            return True

    def remove(self, key: str) -> None:
        # Not while a change that has just found the key writes it.
        with _lock_of(key):
            self._theirs._delete_session(key)

    def change(self, key: str, change: Change, max_age: int) -> None:
        with _lock_of(key):
            value = change(self.fetch(key))
            if value:
                self._set(key, value, max_age)
            else:
                self._theirs._delete_session(key)

    def _set(self, key: str, value: bytes, max_age: int) -> None:
        content = {"value": value.decode("ascii")}
        self._theirs._upsert_session(timedelta(seconds=max_age), content, key)


def adapted(theirs: ServerSideSessionInterface) -> StoreInterface:
    """Return a store on the back end of an interface that is not ours."""
    if isinstance(theirs, RedisSessionInterface):
        from .redis import RedisInterface

        clients = PerProcess(lambda: theirs.client)
        return RedisInterface(theirs.app, {}, _LIMIT, clients)
    return ForeignStore(theirs)


def _lock_of(key: str) -> threading.Lock:
    locks = _locks.get()
    return locks[hash(key) % len(locks)]
