"""Sessions in MongoDB."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

import pymongo
from flask import Flask
from flask_session.defaults import Defaults
from pymongo.errors import (
    ConfigurationError,
    DocumentTooLarge,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from ...runtime.processes import PerProcess
from ..server.interface import (
    Ending,
    StoreInterface,
    TooLargeForStore,
    by_label,
    keys_of,
)
from .locks import LEASE, LOCK, new_holder
from .proof import prove
from .settings import BadSetting, no_answer

KEY = "SESSION_MONGODB"
DEFAULT = "mongodb://127.0.0.1:27017"
#: What the server says when an index is there in another form, as somebody chose it.
_INDEX_EXISTS = {85, 86}


class MongoInterface(StoreInterface):
    """Keeps sessions as Flask-Session's documents."""

    failures = (PyMongoError, OSError)

    def __init__(
        self,
        app: Flask,
        settings: Mapping[str, t.Any],
        limit: float,
        stores: PerProcess[t.Any],
    ) -> None:
        super().__init__(app, settings, limit)
        self._stores = stores

    @property
    def store(self) -> t.Any:
        """The collection, on connections of this process."""
        return self._stores.get()

    def fetch(self, key: str) -> bytes | None:
        with self.limited():
            document = self.store.find_one({"id": key, "expiration": {"$gt": _now()}})
        value = document.get("val") if document else None
        return value if isinstance(value, bytes) else None

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        try:
            self._update({"id": key}, value, max_age, upsert=True)
        except DuplicateKeyError:
            # Another request was faster.
            self._update({"id": key}, value, max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        alive = {"id": key, "expiration": {"$gt": _now()}}
        return self._update(alive, value, max_age)

    def remove(self, key: str) -> None:
        with self.limited():
            self.store.delete_one({"id": key})

    def label(self, name: str, record: str, max_age: int, longest: int) -> None:
        one = {"$push": {"records": {"name": record, "until": _now(max_age)}}}
        lasting = {"$max": {"expiration": _now(longest)}}
        with self.limited():
            expired = {"records": {"until": {"$lte": _now()}}}
            self.store.update_one({"id": name}, {"$pull": expired})
            try:
                self.store.update_one({"id": name}, {**one, **lasting}, upsert=True)
            except DuplicateKeyError:
                # Another request was faster.
                self.store.update_one({"id": name}, {**one, **lasting})

    def labelled(self, *names: str) -> list[str]:
        with self.limited():
            found = list(self.store.find({"id": {"$in": names}}))
        return [record for document in found for record in _members(document)]

    def unlabel(self, name: str, records: Sequence[str], longest: int) -> None:
        with self.limited():
            self.store.update_one({"id": name}, {"$pull": _named(records)})

    def end(self, endings: Sequence[Ending], longest: int) -> None:
        values = {"id": {"$in": keys_of(endings)}}
        named = by_label(endings)
        gone = {"$pull": _named([each.record for each in endings])}
        with self.limited():
            self.store.delete_many(values)
            self.store.update_many({"id": {"$in": list(named)}}, gone)
            self.store.delete_many(values)

    def try_lock(self, key: str) -> MongoLock | None:
        lock = MongoLock(self, LOCK + key)
        return lock if lock.take() else None

    def _update(
        self,
        wanted: Mapping[str, t.Any],
        value: bytes,
        max_age: int,
        *,
        upsert: bool = False,
    ) -> bool:
        change = {"$set": {"val": value, "expiration": _now(max_age)}}
        try:
            with self.limited():
                result = self.store.update_one(wanted, change, upsert=upsert)
        except DocumentTooLarge:
            raise TooLargeForStore(len(value)) from None
        return bool(result.matched_count)

    def limited(self) -> t.Any:
        """Return a context in which the server has to answer in time."""
        return pymongo.timeout(self.limit / 2)


class MongoLock:
    """A lock as a document, which has its holder and its end."""

    def __init__(self, interface: MongoInterface, key: str) -> None:
        self._interface = interface
        self._key = key
        self._holder = new_holder()

    def take(self) -> bool:
        """Take the lock; tell whether nobody else has it."""
        free = {"id": self._key, "expiration": {"$lte": _now()}}
        try:
            self._write(free, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def renew(self) -> bool:
        """Hold it for another while; tell whether it was still held."""
        return bool(self._write(self._held()).matched_count)

    def release(self) -> None:
        """Let go of it, if it is still held."""
        with self._interface.limited():
            self._interface.store.delete_one(self._held())

    def _held(self) -> dict[str, str]:
        return {"id": self._key, "holder": self._holder}

    def _write(self, wanted: Mapping[str, t.Any], *, upsert: bool = False) -> t.Any:
        change = {"$set": {"holder": self._holder, "expiration": _now(LEASE)}}
        with self._interface.limited():
            return self._interface.store.update_one(wanted, change, upsert=upsert)


def make_interface(
    app: Flask, settings: Mapping[str, t.Any], limit: float
) -> MongoInterface:
    """Return the interface; the indexes of its collection are there."""
    client = settings.get(KEY) or DEFAULT
    if isinstance(client, str):
        url = client.strip()
        _prepare(app, _connect(url), settings, limit, close=True)
        stores = PerProcess(lambda: _collection(_connect(url), settings))
        return MongoInterface(app, settings, limit, stores)
    if not hasattr(client, "list_database_names"):
        raise BadSetting(KEY, "must be a URL or a client of pymongo")
    _prepare(app, client, settings, limit)
    store = _collection(client, settings)
    return MongoInterface(app, settings, limit, PerProcess(lambda: store))


def _connect(url: str) -> t.Any:
    try:
        return pymongo.MongoClient(url, connect=False)
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise BadSetting(
            KEY, "must be a URL such as mongodb://127.0.0.1:27017/database"
        ) from error


def _collection(client: t.Any, settings: Mapping[str, t.Any]) -> t.Any:
    name = settings.get("SESSION_MONGODB_DB")
    if name:
        database = client[name]
    else:
        database = client.get_default_database(Defaults.SESSION_MONGODB_DB)
    collection = settings.get("SESSION_MONGODB_COLLECT")
    return database[collection or Defaults.SESSION_MONGODB_COLLECT]


def _prepare(
    app: Flask,
    client: t.Any,
    settings: Mapping[str, t.Any],
    limit: float,
    close: bool = False,
) -> None:
    try:
        store = _collection(client, settings)
        with pymongo.timeout(limit):
            _make_index(store, "expiration", expireAfterSeconds=0)
            _make_index(store, "id", unique=True)
        interface = MongoInterface(app, settings, limit, PerProcess(lambda: store))
        prove(interface, KEY, store.full_name)
    except PyMongoError as error:
        raise no_answer(KEY, _where(client), error) from error
    finally:
        if close:
            client.close()


def _make_index(store: t.Any, field: str, **options: t.Any) -> None:
    try:
        store.create_index(field, **options)
    except OperationFailure as error:
        if error.code not in _INDEX_EXISTS:
            raise


def _where(client: t.Any) -> str:
    """Return the servers that a client knows; its URL may have a password."""
    known = client.topology_description.server_descriptions()
    return ", ".join(f"{host}:{port}" for host, port in known)


def _named(records: Sequence[str]) -> dict[str, t.Any]:
    """Return the condition for the members of a label that are some records."""
    return {"records": {"name": {"$in": list(records)}}}


def _members(document: Mapping[str, t.Any]) -> list[str]:
    """Return the records that a label's document has, those that expire first in front.

    A document of any other shape has none.
    """
    members, now = document.get("records"), _now().replace(tzinfo=None)
    pairs = [
        (each["until"], each["name"])
        for each in (members if isinstance(members, list) else [])
        if isinstance(each, dict)
        and isinstance(each.get("name"), str)
        and isinstance(each.get("until"), datetime)
    ]
    return [name for until, name in sorted(pairs) if until > now]


def _now(later: int = 0) -> datetime:
    return datetime.now(timezone.utc) + timedelta(seconds=later)
