"""Sessions in MongoDB."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

import pymongo
from pymongo.errors import (
    ConfigurationError,
    DocumentTooLarge,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from ...runtime.processes import PerProcess
from . import lease
from .bad_settings import BadSetting, no_answer
from .base import (
    BackEnd,
    Ending,
    Labelling,
    Setup,
    TooLargeForStore,
    by_label,
    bytes_or_none,
    keys_of,
)
from .proof import prove

KEY = "SESSION_MONGODB"
DEFAULT = "mongodb://127.0.0.1:27017"
#: Flask-Session's database and collection, unless its keys say otherwise.
_DATABASE, _COLLECTION = "flask_session", "sessions"
#: The server's codes for an index that the app has made in another form.
_INDEX_EXISTS = {85, 86}


class MongoBackEnd(BackEnd):
    """Keeps sessions as Flask-Session's documents."""

    failures: tuple[type[Exception], ...] = (PyMongoError, OSError)

    @property
    def client(self) -> t.Any:
        return self.collection.database.client

    @property
    def collection(self) -> t.Any:
        """The collection, on connections of this process."""
        return self._clients.get()

    def fetch(self, key: str) -> bytes | None:
        alive = {"id": key, "expiration": {"$gt": _now()}}
        with self.limited():
            document = self.collection.find_one(alive)
        return bytes_or_none(document.get("val") if document else None)

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        alive = {"id": {"$in": [*keys]}, "expiration": {"$gt": _now()}}
        with self.limited():
            found = {
                each["id"]: each.get("val") for each in self.collection.find(alive)
            }
        return {key: bytes_or_none(found.get(key)) for key in keys}

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        try:
            self._update({"id": key}, value, max_age, upsert=True)
        except DuplicateKeyError:
            # Another request was faster.
            self._update({"id": key}, value, max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        alive = {"id": key, "expiration": {"$gt": _now()}}
        return self._update(alive, value, max_age)

    def add(self, key: str, value: bytes, max_age: int) -> bool:
        expired = {"id": key, "expiration": {"$lte": _now()}}
        try:
            self._update(expired, value, max_age, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def remove(self, key: str) -> None:
        with self.limited():
            self.collection.delete_one({"id": key})

    def remove_same(self, key: str, value: bytes) -> None:
        with self.limited():
            self.collection.delete_one({"id": key, "val": value})

    def label(self, labelling: Labelling) -> None:
        until = _now(labelling.max_age)
        change = {
            "$push": {"records": {"name": labelling.record, "until": until}},
            "$max": {"expiration": _now(labelling.longest)},
        }
        with self.limited():
            for label in labelling.labels:
                self._label({"id": label}, change)

    def labelled(self, *labels: str) -> list[str]:
        with self.limited():
            found = list(self.collection.find({"id": {"$in": labels}}))
        return [record for document in found for record in _members(document)]

    def unlabel(self, label: str, records: Sequence[str]) -> None:
        with self.limited():
            self.collection.update_one({"id": label}, {"$pull": _named(records)})

    def end(self, endings: Sequence[Ending]) -> None:
        values = {"id": {"$in": keys_of(endings)}}
        named = by_label(endings)
        gone = {"$pull": _named([each.record for each in endings])}
        with self.limited():
            self.collection.delete_many(values)
            self.collection.update_many({"id": {"$in": list(named)}}, gone)
            self.collection.delete_many(values)

    def lock(self, key: str) -> MongoLock:
        return MongoLock(self, key)

    def _label(self, wanted: Mapping[str, str], change: Mapping[str, t.Any]) -> None:
        expired = {"records": {"until": {"$lte": _now()}}}
        self.collection.update_one(wanted, {"$pull": expired})
        try:
            self.collection.update_one(wanted, change, upsert=True)
        except DuplicateKeyError:
            # Another request was faster.
            self.collection.update_one(wanted, change)

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
                result = self.collection.update_one(wanted, change, upsert=upsert)
        except DocumentTooLarge:
            raise TooLargeForStore(len(value)) from None
        return bool(result.matched_count)

    def limited(self) -> t.Any:
        """Return a context with a limit for the server's answers."""
        return pymongo.timeout(self.limit / 2)


class MongoLock(lease.HolderLock[MongoBackEnd]):
    """A lock as a document with its holder and its end."""

    def take(self) -> bool:
        free = {"id": self._name, "expiration": {"$lte": _now()}}
        try:
            self._write(free, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def renew(self) -> bool:
        return bool(self._write(self._held()).matched_count)

    def release(self) -> None:
        with self._back_end.limited():
            self._back_end.collection.delete_one(self._held())

    def _held(self) -> dict[str, str]:
        return {"id": self._name, "holder": self._holder}

    def _write(self, wanted: Mapping[str, t.Any], *, upsert: bool = False) -> t.Any:
        change = {"$set": {"holder": self._holder, "expiration": _now(lease.LEASE)}}
        with self._back_end.limited():
            return self._back_end.collection.update_one(wanted, change, upsert=upsert)


def make(setup: Setup) -> MongoBackEnd:
    """Return the back end, with a collection that has its indexes."""
    setting = setup.settings.get(KEY) or DEFAULT
    if isinstance(setting, str):
        url = setting.strip()
        with _connect(url) as client:
            _prepare(setup, client)
        collections = PerProcess(lambda: _collection(_connect(url), setup.settings))
        return MongoBackEnd(setup, collections)
    if not hasattr(setting, "list_database_names"):
        raise BadSetting(KEY, "must be a URL or a client of pymongo")
    return _prepare(setup, setting)


def _connect(url: str) -> t.Any:
    try:
        return pymongo.MongoClient(url, connect=False)
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise BadSetting(
            KEY, "must be a URL such as mongodb://127.0.0.1:27017/database"
        ) from error


def _collection(client: t.Any, settings: Mapping[str, t.Any]) -> t.Any:
    name = settings.get("SESSION_MONGODB_DB")
    database = client[name] if name else client.get_default_database(_DATABASE)
    return database[settings.get("SESSION_MONGODB_COLLECT") or _COLLECTION]


def _prepare(setup: Setup, client: t.Any) -> MongoBackEnd:
    """Return the back end with a client whose server has answered once."""
    try:
        collection = _collection(client, setup.settings)
        with pymongo.timeout(setup.limit):
            _make_index(collection, "expiration", expireAfterSeconds=0)
            _make_index(collection, "id", unique=True)
        back_end = MongoBackEnd(setup, PerProcess(lambda: collection))
        prove(back_end, KEY, f"{collection.full_name} at {_where(client)}")
    except PyMongoError as error:
        raise no_answer(KEY, _where(client), error) from error
    return back_end


def _make_index(collection: t.Any, field: str, **options: t.Any) -> None:
    try:
        collection.create_index(field, **options)
    except OperationFailure as error:
        if error.code not in _INDEX_EXISTS:
            raise


def _where(client: t.Any) -> str:
    """Return the servers of a client, without the password that its URL may have."""
    if not isinstance(client, pymongo.MongoClient):
        # An imitation, in the tests of an app, takes any attribute for a database.
        return "no server"
    known = client.topology_description.server_descriptions()
    return ", ".join(f"{host}:{port}" for host, port in known)


def _named(records: Sequence[str]) -> dict[str, t.Any]:
    """Return the condition for some records among the members of a label."""
    return {"records": {"name": {"$in": list(records)}}}


def _members(document: Mapping[str, t.Any]) -> list[str]:
    """Return the records of a label's document, in the order of their expiry.

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
