"""The compartment as records of its own, in the back end of Flask-Session."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from flask_session.base import ServerSideSessionInterface
from flask_session.redis import RedisSessionInterface

from ..errors import SessionTooLarge
from .compartment import PARTS, Compartment
from .interface import StoreInterface, TooLargeForStore

#: Outside ``SESSION_KEY_PREFIX``, below which a cookie can name anything.
PREFIX = "flask_auth0.state:"

#: One update or deletion of a state at a time, where the back end cannot see to that.
_locks = [threading.Lock() for _ in range(64)]


class RecordCompartment:
    """Keeps a state on the server, through Flask-Session's own three operations."""

    def __init__(self, interface: ServerSideSessionInterface) -> None:
        self._interface = interface

    def read(self, session_id: str, part: str) -> str | None:
        """Return a part of a state, or ``None``."""
        record = self._interface._retrieve_session_data(record_key(session_id, part))
        sealed = record.get("sealed") if isinstance(record, Mapping) else None
        return sealed if isinstance(sealed, str) else None

    def create(
        self,
        session_id: str,
        parts: Mapping[str, str],
        max_age: int,
        *,
        replaces: str | None = None,
    ) -> None:
        """Keep a new state for ``max_age`` seconds, and forget the one it replaces."""
        for part, sealed in parts.items():
            self._keep(record_key(session_id, part), {"sealed": sealed}, max_age)
        if replaces is not None:
            self.delete(replaces)

    def update(self, session_id: str, parts: Mapping[str, str], max_age: int) -> bool:
        """Replace parts of a state, unless it is gone."""
        with _lock_of(session_id):
            if any(self.read(session_id, part) is None for part in parts):
                return False
            self.create(session_id, parts, max_age)
            return True

    def delete(self, session_id: str) -> None:
        """Forget a state."""
        # Not while an update that has just found the state writes it.
        with _lock_of(session_id):
            self._forget(session_id)

    def _forget(self, session_id: str) -> None:
        for part in PARTS:
            self._interface._delete_session(record_key(session_id, part))

    def _keep(self, key: str, record: Mapping[str, str], max_age: int) -> None:
        self._interface._upsert_session(timedelta(seconds=max_age), record, key)


class StoreRecordCompartment(RecordCompartment):
    """Keeps a state through an interface of ours, whose update cannot create."""

    _interface: StoreInterface

    def update(self, session_id: str, parts: Mapping[str, str], max_age: int) -> bool:
        """Replace parts of a state, unless it is gone."""
        with _sizes(parts):
            return all(
                self._interface.update_record(
                    record_key(session_id, part), {"sealed": sealed}, max_age
                )
                for part, sealed in parts.items()
            )

    def delete(self, session_id: str) -> None:
        """Forget a state."""
        # Here nobody waits for a request that itself waits for a slow back end.
        self._forget(session_id)

    def _keep(self, key: str, record: Mapping[str, str], max_age: int) -> None:
        with _sizes(record):
            super()._keep(key, record, max_age)


class RedisRecordCompartment(RecordCompartment):
    """Keeps a state in Redis, where the app has set up Flask-Session itself."""

    _interface: RedisSessionInterface

    def update(self, session_id: str, parts: Mapping[str, str], max_age: int) -> bool:
        """Replace parts of a state, unless it is gone."""
        encode = self._interface.serializer.encode
        found = [
            self._interface.client.set(
                record_key(session_id, part),
                encode({"sealed": sealed}),
                ex=max_age,
                xx=True,
            )
            for part, sealed in parts.items()
        ]
        return all(found)


def _lock_of(session_id: str) -> threading.Lock:
    return _locks[hash(session_id) % len(_locks)]


def _release_all() -> None:
    """Replace locks that were held by threads which are not in a forked process."""
    _locks[:] = [threading.Lock() for _ in _locks]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_all)


@contextmanager
def _sizes(parts: Mapping[str, str]) -> Iterator[None]:
    """Refuse a login whose state the back end does not take."""
    try:
        yield
    except TooLargeForStore as error:
        raise SessionTooLarge(sum(map(len, parts.values()))) from error


def record_key(session_id: str, part: str) -> str:
    """Return where a part of a state is kept.

    Whoever can list the keys of the back end learns no session id.
    """
    digest = hashlib.sha256(session_id.encode()).hexdigest()
    return f"{PREFIX}{digest}.{part}"


def record_compartment(interface: ServerSideSessionInterface) -> Compartment:
    """Return the compartment for a session interface of Flask-Session."""
    if isinstance(interface, StoreInterface):
        return StoreRecordCompartment(interface)
    if isinstance(interface, RedisSessionInterface):
        return RedisRecordCompartment(interface)
    return RecordCompartment(interface)
