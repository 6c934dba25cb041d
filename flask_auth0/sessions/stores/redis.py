"""Sessions in Redis or Valkey: one server, one behind Sentinel, or a cluster."""

from __future__ import annotations

import inspect
import time
import typing as t
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, unquote, urlsplit

import redis
import redis.lock
from flask import Flask
from flask_session.redis import RedisSessionInterface
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import RedisClusterException
from redis.retry import Retry
from redis.sentinel import Sentinel

from ..interface import LEASE, Ending, StoreInterface, by_label, keys_of
from .proof import prove
from .settings import BadSetting, no_answer

KEY = "SESSION_REDIS"
DEFAULT = "redis://127.0.0.1:6379/0"
_LOCK = "flask_auth0.lock:"
_FORMS = (
    "must be a URL such as redis://127.0.0.1:6379/0, rediss://…, unix:///path, "
    "redis+sentinel://host:26379/service/0 or redis+cluster://host:7000,host:7001"
)
#: The last but one is none of redis-py's own errors.
_FAILURES = (redis.RedisError, RedisClusterException, OSError)


class RedisLock(redis.lock.Lock):
    """redis-py's lock, renewed by the name that all back ends have for it."""

    renew = redis.lock.Lock.reacquire


class RedisInterface(StoreInterface, RedisSessionInterface):  # type: ignore[misc]
    """Keeps sessions in Redis, whatever kind of client there is for it."""

    failures = _FAILURES

    def __init__(
        self, app: Flask, settings: Mapping[str, t.Any], limit: float, client: t.Any
    ) -> None:
        # Flask-Session would take a cluster's client for none.
        StoreInterface.__init__(self, app, settings, limit)
        self.client = client

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
        lock = RedisLock(self.client, _LOCK + key, timeout=LEASE, thread_local=False)
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
    client, where = _connect(KEY, settings.get(KEY) or DEFAULT, limit)
    interface = RedisInterface(app, settings, limit, client)
    prove(interface, KEY, where)
    return interface


def make_store(app: Flask, key: str, url: str, limit: float) -> RedisInterface:
    """Return a store beside the sessions, with a client that has answered once."""
    client, where = _connect(key, url, limit)
    store = RedisInterface(app, {}, limit, client)
    prove(store, key, where)
    return store


def _connect(key: str, setting: t.Any, limit: float) -> tuple[t.Any, str]:
    """Return a client that has answered once, and where it goes."""
    client, name = setting, type(setting).__name__
    try:
        if isinstance(setting, str):
            client, name = _from_url(key, setting.strip(), limit / 2)
        _check(key, client)
        client.ping()
    except _FAILURES as error:
        raise no_answer(key, name, error) from error
    return client, name


def _check(key: str, client: t.Any) -> None:
    if not hasattr(client, "ping") or inspect.iscoroutinefunction(
        type(client).execute_command
    ):
        raise BadSetting(key, "must be a URL or a client of redis-py, not an async one")
    if client.get_connection_kwargs().get("decode_responses"):
        raise BadSetting(key, "must be a client without decode_responses")


def _from_url(key: str, url: str, timeout: float) -> tuple[t.Any, str]:
    """Return a client, and where it goes: the URL itself may have a password."""
    times = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
    options: dict[str, t.Any] = {**times, "retry": Retry(NoBackoff(), 0)}
    scheme = url.partition(":")[0]
    try:
        if scheme in {"redis+sentinel", "rediss+sentinel"}:
            return _behind_sentinel(url, options)
        if scheme in {"redis+cluster", "rediss+cluster"} or "," in url:
            return _cluster(key, url, options)
        client = redis.Redis.from_url(url, **options)
    except ValueError as error:
        raise BadSetting(key, _FORMS) from error
    where = client.connection_pool.connection_kwargs
    name = str(where.get("path") or f"{where.get('host')}:{where.get('port')}")
    return (
        _cluster(key, url, options)
        if _is_in_cluster(key, client, name)
        else (client, name)
    )


def _is_in_cluster(key: str, client: redis.Redis, name: str) -> bool:
    try:
        info = client.info("cluster")
    except redis.ResponseError:
        # Not everybody may ask.
        return False
    except _FAILURES as error:
        raise no_answer(key, name, error) from error
    return bool(info.get("cluster_enabled"))


def _cluster(key: str, urls: str, options: dict[str, t.Any]) -> tuple[t.Any, str]:
    """Return a client for the cluster that some URLs, or hosts in one, name."""
    scheme, _, rest = urls.replace("+cluster", "").partition("://")
    hosts = [each.rpartition("://")[2] for each in rest.split(",")]
    first = f"{scheme}://{hosts[0]}"
    common = redis.connection.parse_url(first)
    common.pop("db", None)
    places = [urlsplit(f"{scheme}://{host}") for host in hosts]
    nodes = [ClusterNode(each.hostname or "", each.port or 6379) for each in places]
    for name in ("host", "port"):
        common.pop(name, None)
    if common.pop("connection_class", None) is not None:
        common["ssl"] = True
    name = ", ".join(f"{node.host}:{node.port}" for node in nodes)
    try:
        client = redis.RedisCluster(
            startup_nodes=nodes,
            require_full_coverage=False,
            **{**common, **options},
        )
    except _FAILURES as error:
        raise no_answer(key, name, error) from error
    return client, name


def _behind_sentinel(url: str, options: dict[str, t.Any]) -> tuple[t.Any, str]:
    """Return a client of ``redis+sentinel://[user:password@]hosts/service[/db]``."""
    scheme, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    path, _, query = path.partition("?")
    account, _, hosts = place.rpartition("@")
    service, _, db = path.partition("/")
    if not service or not hosts:
        raise ValueError("no service")
    user, _, password = account.partition(":")
    login = {"username": unquote(user) or None, "password": unquote(password) or None}
    tls = {"ssl": True} if scheme.startswith("rediss") else {}
    of_sentinels = {
        name.removeprefix("sentinel_"): values[0]
        for name, values in parse_qs(query).items()
        if name in {"sentinel_username", "sentinel_password"}
    }
    sentinel = Sentinel(
        [_host(each) for each in hosts.split(",")],
        sentinel_kwargs={**options, **tls, **of_sentinels},
        **options,
    )
    client = sentinel.master_for(service, db=int(db or 0), **login, **tls)
    return client, f"{service} at {hosts}"


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    return parts.hostname or "", parts.port or 26379
