"""Sessions in Redis or Valkey: one server, one behind Sentinel, or a cluster."""

from __future__ import annotations

import contextlib
import inspect
import time
import typing as t
from collections.abc import Mapping, Sequence

import redis
import redis.lock
from flask import Flask
from flask_session.redis import RedisSessionInterface

from ...runtime.processes import PerProcess
from ..server.interface import Ending, StoreInterface, by_label, keys_of
from .locks import LEASE, LOCK
from .proof import prove
from .redis_urls import FAILURES, clients_of
from .settings import BadSetting, no_answer

KEY = "SESSION_REDIS"
DEFAULT = "redis://127.0.0.1:6379/0"


class RedisLock(redis.lock.Lock):
    """redis-py's lock, renewed and released as those of all back ends are."""

    def renew(self) -> bool:
        try:
            return bool(self.reacquire())
        except redis.exceptions.LockError:
            return False

    def release(self) -> None:
        with contextlib.suppress(redis.exceptions.LockError):
            super().release()


class RedisInterface(StoreInterface, RedisSessionInterface):  # type: ignore[misc]
    """Keeps sessions in Redis, whatever kind of client there is for it."""

    failures = FAILURES

    def __init__(
        self,
        app: Flask,
        settings: Mapping[str, t.Any],
        limit: float,
        clients: PerProcess[t.Any],
    ) -> None:
        # Flask-Session would take a cluster's client for none.
        StoreInterface.__init__(self, app, settings, limit)
        self._clients = clients

    @property
    def client(self) -> t.Any:
        """The client of this process."""
        return self._clients.get()

    def fetch(self, key: str) -> bytes | None:
        try:
            return t.cast("bytes | None", self.client.get(key))
        except redis.ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                return None
            raise

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        # In a cluster, the keys are on different servers.
        if len(keys) == 1 or isinstance(self.client, redis.RedisCluster):
            return super().fetch_together(*keys)
        try:
            return dict(zip(keys, self.client.mget(keys), strict=True))
        except redis.exceptions.NoPermissionError:
            return super().fetch_together(*keys)

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        self.client.set(key, value, ex=max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        return bool(self.client.set(key, value, ex=max_age, xx=True))

    def remove(self, key: str) -> None:
        self.client.delete(key)

    def label(self, name: str, record: str, max_age: int, longest: int) -> None:
        _label(self.client, name, record, max_age, longest)

    def labelled(self, *names: str) -> list[str]:
        now = int(time.time())
        with self.client.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.zrangebyscore(name, now, "+inf")
            found = pipeline.execute()
        return [record.decode("ascii", "replace") for each in found for record in each]

    def unlabel(self, name: str, records: Sequence[str], longest: int) -> None:
        self.client.zrem(name, *records)

    def try_lock(self, key: str) -> RedisLock | None:
        lock = RedisLock(self.client, LOCK + key, timeout=LEASE, thread_local=False)
        return lock if lock.acquire(blocking=False) else None

    def expires(self, key: str) -> bool:
        try:
            return bool(self.client.ttl(key) > 0)
        except redis.exceptions.NoPermissionError:
            # Sessions do not need to ask.
            return True

    def begin(
        self,
        values: Mapping[str, bytes],
        labels: Sequence[str],
        record: str,
        max_age: int,
        longest: int,
    ) -> bool:
        if isinstance(self.client, redis.RedisCluster):
            # The keys are on different servers.
            return super().begin(values, labels, record, max_age, longest)
        with self.client.pipeline(transaction=True) as pipeline:
            for key, value in values.items():
                pipeline.set(key, value, ex=max_age)
            for name in labels:
                _label(pipeline, name, record, max_age, longest)
            pipeline.execute()
        return True

    def end(self, endings: Sequence[Ending], longest: int) -> None:
        if isinstance(self.client, redis.RedisCluster):
            return super().end(endings, longest)
        # In a transaction, a server whose memory is full would refuse to delete.
        with self.client.pipeline(transaction=False) as pipeline:
            pipeline.delete(*keys_of(endings))
            for name, records in by_label(endings).items():
                pipeline.zrem(name, *records)
            pipeline.execute()


def _label(client: t.Any, name: str, record: str, max_age: int, longest: int) -> None:
    now = int(time.time())
    client.zremrangebyscore(name, "-inf", now)
    client.zadd(name, {record: now + max_age})
    client.expire(name, longest)


def make_interface(
    app: Flask, settings: Mapping[str, t.Any], limit: float
) -> RedisInterface:
    """Return the interface, with a client that has answered once."""
    clients, where = _connect(KEY, settings.get(KEY) or DEFAULT, limit)
    interface = RedisInterface(app, settings, limit, clients)
    prove(interface, KEY, where)
    _warn_of_loss(interface, KEY)
    return interface


def make_store(app: Flask, key: str, url: str, limit: float) -> RedisInterface:
    """Return a store beside the sessions, with a client that has answered once."""
    clients, where = _connect(key, url, limit)
    store = RedisInterface(app, {}, limit, clients)
    prove(store, key, where)
    _warn_of_loss(store, key)
    return store


def _connect(key: str, setting: t.Any, limit: float) -> tuple[PerProcess[t.Any], str]:
    """Return clients, one of which has answered once, and where they go."""
    # redis-py's own notice that they are in another process.
    clients, name = PerProcess(lambda: setting), type(setting).__name__
    try:
        if isinstance(setting, str):
            clients, name = clients_of(key, setting.strip(), limit / 2)
        _check(key, clients.get())
        clients.get().ping()
    except FAILURES as error:
        raise no_answer(key, name, error) from error
    return clients, name


def _check(key: str, client: t.Any) -> None:
    if not hasattr(client, "ping") or inspect.iscoroutinefunction(
        type(client).execute_command
    ):
        raise BadSetting(key, "must be a URL or a client of redis-py, not an async one")
    if client.get_connection_kwargs().get("decode_responses"):
        raise BadSetting(key, "must be a client without decode_responses")


def _warn_of_loss(store: RedisInterface, key: str) -> None:
    """Warn of a server that brings back what was removed, or drops what is needed."""
    if store.app.debug or store.app.testing:
        return
    found = _configuration(store.client)
    is_logged = found.get("appendonly") == "yes"
    if found.get("save") and not is_logged:
        store.app.logger.warning(
            "%s names a Redis that keeps snapshots only: after a crash, sessions that "
            "have ended since the last one are alive again. Set 'appendonly yes' and "
            "'appendfsync always' there.",
            key,
        )
    if is_logged and found.get("appendfsync") == "no":
        store.app.logger.warning(
            "%s names a Redis with 'appendfsync no': after a crash, sessions that have "
            "ended in the last half minute are alive again. Set 'appendfsync always' "
            "there.",
            key,
        )
    policy = found.get("maxmemory-policy", "noeviction")
    if found.get("maxmemory", "0") != "0" and policy != "noeviction":
        store.app.logger.warning(
            "%s names a Redis with 'maxmemory-policy %s': when its memory is full, it "
            "drops sessions, and what finds them. Set 'noeviction' there.",
            key,
            policy,
        )


def _configuration(client: t.Any) -> dict[str, str]:
    """Return what a server tells of its persistence and memory, if it does."""
    found: dict[str, str] = {}
    try:
        for pattern in ("append*", "save", "maxmemory*"):
            found |= client.config_get(pattern)
    except FAILURES:
        # Not everybody may ask, and a cluster has a configuration for each node.
        return {}
    return found
