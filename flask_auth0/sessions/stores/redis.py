"""Sessions in Redis or Valkey: one server, one behind Sentinel, or a cluster."""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

import redis
from flask import Flask
from flask_session.redis import RedisSessionInterface
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import RedisClusterException
from redis.retry import Retry
from redis.sentinel import Sentinel

from ..interface import StoreInterface
from .settings import BadSetting, no_answer

KEY = "SESSION_REDIS"
DEFAULT = "redis://127.0.0.1:6379/0"
_FORMS = (
    "must be a URL such as redis://127.0.0.1:6379/0, rediss://…, unix:///path, "
    "redis+sentinel://host:26379/service/0 or redis+cluster://host:7000,host:7001"
)
#: The last but one is none of redis-py's own errors.
_FAILURES = (redis.RedisError, RedisClusterException, OSError)


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

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        self.client.set(key, value, ex=max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        return bool(self.client.set(key, value, ex=max_age, xx=True))

    def remove(self, key: str) -> None:
        self.client.delete(key)


def make_interface(
    app: Flask, settings: Mapping[str, t.Any], limit: float
) -> RedisInterface:
    """Return the interface, with a client that has answered once."""
    setting: t.Any = settings.get(KEY) or DEFAULT
    client, name = setting, type(setting).__name__
    try:
        if isinstance(setting, str):
            client, name = _from_url(setting.strip(), limit / 2)
        _check(client)
        client.ping()
    except _FAILURES as error:
        raise no_answer(KEY, name, error) from error
    return RedisInterface(app, settings, limit, client)


def _check(client: t.Any) -> None:
    if not hasattr(client, "ping") or inspect.iscoroutinefunction(
        type(client).execute_command
    ):
        raise BadSetting(KEY, "must be a URL or a client of redis-py, not an async one")
    if client.get_connection_kwargs().get("decode_responses"):
        raise BadSetting(KEY, "must be a client without decode_responses")


def _from_url(url: str, timeout: float) -> tuple[t.Any, str]:
    """Return a client, and where it goes: the URL itself may have a password."""
    times = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
    options: dict[str, t.Any] = {**times, "retry": Retry(NoBackoff(), 0)}
    scheme = url.partition(":")[0]
    try:
        if scheme in {"redis+sentinel", "rediss+sentinel"}:
            return _behind_sentinel(url, options)
        if scheme in {"redis+cluster", "rediss+cluster"} or "," in url:
            return _cluster(url, options)
        client = redis.Redis.from_url(url, **options)
    except ValueError as error:
        raise BadSetting(KEY, _FORMS) from error
    where = client.connection_pool.connection_kwargs
    name = str(where.get("path") or f"{where.get('host')}:{where.get('port')}")
    return _cluster(url, options) if _is_in_cluster(client, name) else (client, name)


def _is_in_cluster(client: redis.Redis, name: str) -> bool:
    try:
        info = client.info("cluster")
    except redis.ResponseError:
        # Not everybody may ask.
        return False
    except _FAILURES as error:
        raise no_answer(KEY, name, error) from error
    return bool(info.get("cluster_enabled"))


def _cluster(urls: str, options: dict[str, t.Any]) -> tuple[t.Any, str]:
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
        raise no_answer(KEY, name, error) from error
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
