"""Sessions in Redis or Valkey: one server, one behind Sentinel, or a cluster."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
import time
import typing as t
from collections import deque
from collections.abc import Mapping, Sequence

import redis
import redis.lock
from redis.connection import BlockingConnectionPool

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
from .lease import Lock, Locked
from .proof import prove
from .redis_durability import losses
from .redis_urls import FAILURES, clients_of

KEY = "SESSION_REDIS"
DEFAULT = "redis://127.0.0.1:6379/0"
#: Seconds for which a connection is taken without a look. Its server, or a network, may
#: close one that is idle for longer.
FRESH = 1.0


class ReadyPool(BlockingConnectionPool):
    """Hands out a connection that was in use a moment ago as it is.

    redis-py looks whether the server has closed it, or an answer is left to read, which
    takes a fourth of the time of a command.
    """

    def __init__(self, *args: t.Any, **options: t.Any) -> None:
        super().__init__(*args, **options)
        #: Those at hand, and since when, the latest last. They are in use for redis-py.
        self._ready: deque[tuple[t.Any, float]] = deque()
        #: One item for each thread that asks redis-py for a connection.
        self._waiting: deque[None] = deque()
        #: The error that was being handled as a connection was taken.
        self._amid: dict[t.Any, BaseException | None] = {}

    def get_connection(self, *args: t.Any, **options: t.Any) -> redis.Connection:
        """Return a connection, as its base class does."""
        connection = self._at_hand()
        if connection is None:
            self._waiting.append(None)
            try:
                # One may have come to hand before anybody knew that this thread waits.
                connection = self._at_hand() or super().get_connection(*args, **options)
            finally:
                self._waiting.pop()
        self._amid[connection] = sys.exc_info()[1]
        return t.cast("redis.Connection", connection)

    def release(self, connection: t.Any) -> None:
        """Take a connection back."""
        # redis-py gives it back in any case. An error that was not there before has
        # ended its command, and perhaps before the answer was read.
        error = sys.exc_info()[1]
        if error is self._amid.pop(connection, None):
            self._ready.append((connection, time.monotonic()))
            if self._waiting:
                self.look_again()
            return
        if not isinstance(error, redis.ResponseError):
            # The answer can still arrive, and would be taken for the next one.
            connection.disconnect()
        super().release(connection)

    def look_again(self) -> None:
        """Leave all that are at hand to redis-py, which looks at them."""
        while self._ready:
            try:
                connection, _ = self._ready.pop()
            except IndexError:
                # Another thread has taken the last one.
                return
            super().release(connection)

    def _at_hand(self) -> t.Any:
        try:
            connection, since = self._ready.pop()
        except IndexError:
            return None
        if time.monotonic() - since < FRESH:
            return connection
        super().release(connection)
        return None


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

    def take_in(self, pipeline: t.Any) -> None:
        """Take the lock as a step of a pipeline, whose answer tells whether it is."""
        client, self.redis = self.redis, pipeline
        self.take()
        self.redis = client

    def release_in(self, pipeline: t.Any) -> None:
        """Let go of the lock as a step of a pipeline, if it is still held."""
        # As an object of redis-py, the script would be looked for before it is called.
        pipeline.eval(self.LUA_RELEASE_SCRIPT, 1, self.name, self.local.token)


class RedisBackEnd(BackEnd):
    """Keeps sessions in Redis, through any client of redis-py."""

    failures: tuple[type[Exception], ...] = FAILURES

    @property
    def client(self) -> t.Any:
        """The client of redis-py, with connections of this process."""
        return self._clients.of[os.getpid()]

    def fetch(self, key: str) -> bytes | None:
        try:
            found: bytes | None = self.client.get(key)
            return found
        except redis.ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                return None
            raise

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        if len(keys) == 1:
            return super().fetch_together(*keys)
        client = self.client
        try:
            if isinstance(client, redis.RedisCluster):
                # The keys may be on different servers, which are all asked before the
                # first of them is waited for.
                found = client.mget_nonatomic(keys)
            else:
                found = client.execute_command("MGET", *keys)
        except redis.exceptions.NoPermissionError:
            return super().fetch_together(*keys)
        return dict(zip(keys, found, strict=True))

    def forget_idle(self) -> None:
        pool = getattr(self.client, "connection_pool", None)
        if isinstance(pool, ReadyPool):
            pool.look_again()

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        self.client.set(key, value, ex=max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        return bool(self.client.set(key, value, ex=max_age, xx=True))

    def remove(self, key: str) -> None:
        self.client.delete(key)

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

    def lock_and_fetch(self, key: str) -> Locked | None:
        client, lock = self.client, self.lock(lease.LOCK + key)
        if isinstance(client, redis.RedisCluster):
            return super().lock_and_fetch(key)
        with client.pipeline(transaction=False) as pipeline:
            lock.take_in(pipeline)
            pipeline.get(key)
            is_taken, value = pipeline.execute()
        return Locked(lock, value) if is_taken else None

    def keep_and_unlock(self, lock: Lock, key: str, value: bytes, max_age: int) -> None:
        client = self.client
        if isinstance(client, redis.RedisCluster) or not isinstance(lock, RedisLock):
            return super().keep_and_unlock(lock, key, value, max_age)
        with client.pipeline(transaction=False) as pipeline:
            pipeline.set(key, value, ex=max_age)
            lock.release_in(pipeline)
            pipeline.execute()

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
        clients, where = clients_of(key, setting.strip(), setup.limit / 2, ReadyPool)
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
