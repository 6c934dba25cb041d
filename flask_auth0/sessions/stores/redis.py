"""Sessions in Redis or Valkey: one server, one behind Sentinel, or a cluster."""

from __future__ import annotations

import contextlib
import inspect
import os
import time
import typing as t
from collections.abc import Mapping, Sequence

import redis
import redis.lock

from ...runtime.processes import PerProcess
from . import lease
from .bad_settings import BadSetting
from .base import (
    NO_OTHERS,
    BackEnd,
    Begun,
    Ending,
    Labelling,
    Others,
    Setup,
    by_label,
    keys_of,
)
from .proof import prove
from .redis_durability import losses
from .redis_readers import OneServer
from .redis_urls import FAILURES, clients_of

KEY = "SESSION_REDIS"
DEFAULT = "redis://127.0.0.1:6379/0"


class RedisLock(redis.lock.Lock):
    """redis-py's lock, with the interface of :class:`.Lock`."""

    redis: t.Any

    def take(self) -> bool:
        return bool(self.acquire(blocking=False))

    def renew(self) -> bool:
        try:
            return bool(self.reacquire())
        except redis.exceptions.LockError:
            return False

    def release(self) -> None:
        with contextlib.suppress(redis.exceptions.LockError):
            super().release()


class RedisBackEnd(BackEnd):
    """Keeps sessions in Redis, through any client of redis-py."""

    failures: tuple[type[Exception], ...] = FAILURES

    @property
    def client(self) -> t.Any:
        """The client of redis-py, with connections of this process."""
        client = self._clients.of[os.getpid()]
        if isinstance(client, OneServer) and any(client.readers.copy()):
            client.lend()
        return client

    @property
    def _reading(self) -> t.Any:
        return self._clients.of[os.getpid()]

    def fetch(self, key: str) -> bytes | None:
        try:
            return _read(self._reading, key)
        except redis.ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                return None
            raise

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        if len(keys) == 1:
            return super().fetch_together(*keys)
        try:
            return dict(zip(keys, _read_together(self._reading, keys), strict=True))
        except redis.exceptions.NoPermissionError:
            return super().fetch_together(*keys)

    def forget_idle(self) -> None:
        client = self._reading
        if isinstance(client, OneServer):
            client.forget_readers()

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        self.client.set(key, value, ex=max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        return bool(self.client.set(key, value, ex=max_age, xx=True))

    def add(self, key: str, value: bytes, max_age: int) -> bool:
        return bool(self.client.set(key, value, ex=max_age, nx=True))

    def remove(self, key: str) -> None:
        self.client.delete(key)

    def remove_same(self, key: str, value: bytes) -> None:
        # As an object of redis-py, the script would be looked for before it is called.
        self.client.eval(RedisLock.LUA_RELEASE_SCRIPT, 1, key, value)

    def label(self, labelling: Labelling) -> None:
        _label(self.client, labelling)

    def labelled(self, *labels: str) -> list[str]:
        with self.client.pipeline(transaction=False) as pipeline:
            _find(pipeline, labels)
            return _texts(pipeline.execute())

    def unlabel(self, label: str, records: Sequence[str]) -> None:
        self.client.zrem(label, *records)

    def lock(self, key: str) -> RedisLock:
        client = self.client
        return RedisLock(client, key, timeout=lease.LEASE, thread_local=False)

    def expires(self, key: str) -> bool:
        try:
            return bool(self.client.ttl(key) > 0)
        except redis.exceptions.NoPermissionError:
            # The user of the connection may lack the right to TTL, which sessions do
            # not need.
            return True

    def begin(self, values: Mapping[str, bytes], labelling: Labelling) -> bool:
        if isinstance(self.client, redis.RedisCluster):
            # A transaction of a cluster has the keys of one server only.
            return super().begin(values, labelling)
        return self.begin_among(values, labelling, NO_OTHERS) is not None

    def begin_among(
        self, values: Mapping[str, bytes], labelling: Labelling, others: Others
    ) -> Begun | None:
        client = self.client
        if isinstance(client, redis.RedisCluster):
            return super().begin_among(values, labelling, others)
        with client.pipeline(transaction=True) as pipeline:
            for key, value in values.items():
                pipeline.set(key, value, ex=labelling.max_age)
            _label(pipeline, labelling)
            before = len(pipeline)
            _find(pipeline, others.notes)
            if others.crowd:
                # Those that have expired are no members any more.
                pipeline.zrange(others.crowd, 0, -1 - others.most)
            found = pipeline.execute()[before:]
        number = len(others.notes)
        return Begun(_texts(found[:number]), _texts(found[number:]))

    def end(self, endings: Sequence[Ending]) -> None:
        client = self.client
        if isinstance(client, redis.RedisCluster):
            return super().end(endings)
        # In a transaction, a server whose memory is full would refuse to delete.
        with client.pipeline(transaction=False) as pipeline:
            pipeline.delete(*keys_of(endings))
            for label, records in by_label(endings).items():
                pipeline.zrem(label, *records)
            pipeline.execute()


def _read(client: t.Any, key: str) -> bytes | None:
    is_one = isinstance(client, OneServer)
    found: bytes | None = client.read("GET", key) if is_one else client.get(key)
    return found


def _read_together(client: t.Any, keys: Sequence[str]) -> list[bytes | None]:
    if isinstance(client, OneServer):
        found: list[bytes | None] = client.read("MGET", *keys)
        return found
    # In a cluster, the keys may be on different servers, which are all asked before the
    # first of them is waited for.
    is_cluster = isinstance(client, redis.RedisCluster)
    found = client.mget_nonatomic(keys) if is_cluster else client.mget(keys)
    return found


def _label(client: t.Any, labelling: Labelling) -> None:
    now = int(time.time())
    for label in labelling.labels:
        client.zremrangebyscore(label, "-inf", now)
        client.zadd(label, {labelling.record: now + labelling.max_age})
        client.expire(label, labelling.longest)


def _find(pipeline: t.Any, labels: Sequence[str]) -> None:
    now = int(time.time())
    for label in labels:
        pipeline.zrangebyscore(label, now, "+inf")


def _texts(found: Sequence[Sequence[bytes]]) -> list[str]:
    return [record.decode("ascii", "replace") for each in found for record in each]


def make(setup: Setup, key: str = KEY) -> RedisBackEnd:
    """Return the back end, with a client that has answered once.

    :param key: the key of the configuration with the URL or the client.
    """
    setting = setup.settings.get(key) or DEFAULT
    # A client of redis-py notices a fork itself.
    clients, where = PerProcess(lambda: setting), ""
    if isinstance(setting, str):
        clients, where = clients_of(key, setting.strip(), setup.limit / 2)
    _check(key, clients.get())
    where = where or address_of(setting)
    back_end = RedisBackEnd(setup, clients)
    prove(back_end, key, where)
    for each in () if setup.is_development else losses(back_end.client, key):
        setup.logger.warning("%s.", each)
    return back_end


def address_of(client: t.Any) -> str:
    """Return where the server of a client is, without any password."""
    options = client.get_connection_kwargs()
    if "host" in options:
        return f"{options['host']}:{options.get('port', 6379)}"
    return str(options.get("path") or type(client).__name__)


def _check(key: str, client: t.Any) -> None:
    if not hasattr(client, "ping") or inspect.iscoroutinefunction(
        type(client).execute_command
    ):
        raise BadSetting(key, "must be a URL or a client of redis-py, not an async one")
    if client.get_connection_kwargs().get("decode_responses"):
        raise BadSetting(key, "must be a client without decode_responses")
