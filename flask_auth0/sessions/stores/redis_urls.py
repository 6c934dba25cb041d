"""Clients of Redis from URLs: of one server, of one behind Sentinel, of a cluster."""

from __future__ import annotations

import functools
import inspect
import re
import typing as t
from collections.abc import Callable
from urllib.parse import urlsplit

import redis
from msgspec import Struct
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.connection import BlockingConnectionPool, parse_url
from redis.exceptions import RedisClusterException
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from ...runtime.processes import PerProcess
from .bad_settings import BadSetting, no_answer
from .redis_readers import OneServer

Options = dict[str, t.Any]

_FORMS = (
    "must be a URL such as redis://127.0.0.1:6379/0, rediss://…, unix:///path, "
    "redis+sentinel://host:26379/service/0 or redis+cluster://host:7000,host:7001; in "
    "a password write / as %2F, @ as %40 and ? as %3F"
)
#: The most connections of a process, unless the URL has a number. A request that needs
#: one more waits.
_CONNECTIONS = 100
#: How often redis-py waits for a server of a cluster that hangs, where a request asks
#: for two keys: once for both, and once for each.
_WAITS = 3
#: The options of a URL's query that are none of the client's.
_OF_POOL = {"timeout", "db"}
_OF_SENTINEL = "sentinel_"


#: The errors of a client, with that of clusters, which is no RedisError.
FAILURES = (redis.RedisError, RedisClusterException, OSError)


class WaitingSentinelPool(SentinelConnectionPool, BlockingConnectionPool):
    """The connections to a server behind Sentinel; a request waits for a free one."""

    def disconnect(self, inuse_connections: bool = True) -> None:
        """Close connections to a server that is no longer the primary."""
        try:
            super().disconnect(inuse_connections=inuse_connections)
        except TypeError:
            # Older releases of redis-py have no ``inuse_connections`` here.
            super().disconnect()


class RedisUrl(Struct, frozen=True):
    """The parts of a URL."""

    #: ``redis``, ``rediss`` or ``unix``.
    scheme: str
    #: ``sentinel``, ``cluster`` or nothing.
    kind: str
    account: str
    hosts: list[str]
    path: str
    query: str

    @property
    def where(self) -> str:
        """The hosts, without any password."""
        hosts = ", ".join(self.hosts)
        service = self.path.partition("/")[0]
        return f"{service} at {hosts}" if self.kind == "sentinel" else hosts

    @property
    def single(self) -> str:
        """The URL of the first of the hosts."""
        path = "" if self.scheme == "unix" else f"/{self.path}"
        return self._with_hosts(self.hosts[0], path)

    def options(self) -> Options:
        """Return account and options, as redis-py reads them from a URL of its own."""
        # Hosts and path mean something else behind Sentinel.
        found = dict(parse_url(self._with_hosts("host")))
        for name in ("host", "port", "connection_class"):
            found.pop(name, None)
        return found

    def _with_hosts(self, hosts: str, path: str = "") -> str:
        account = f"{self.account}@" if self.account else ""
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{account}{hosts}{path}{query}"


def clients_of(key: str, url: str, timeout: float) -> tuple[PerProcess[t.Any], str]:
    """Return a client for each process, and its address, without a password.

    :param key: the key of the configuration that has the URL.
    :param timeout: seconds to wait for a connection, and for each answer.
    :raises BadSetting: when the URL, or an option in it, is not understood.
    """
    where = "Redis"
    try:
        parts = _parse(url)
        where = parts.where
        options = {**_defaults(parts, timeout), **parts.options()}
        _check_options(key, parts, options)
        clients = PerProcess(_maker(parts, options, timeout))
        # A wrong option shows when the first client is made.
        clients.get()
        return clients, where
    except ValueError as error:
        raise BadSetting(key, _FORMS) from error
    except FAILURES as error:
        raise no_answer(key, where, error) from error


def _maker(parts: RedisUrl, options: Options, timeout: float) -> Callable[[], t.Any]:
    """Return a function that makes clients of the kind that fits the server."""
    if parts.kind == "sentinel":
        return functools.partial(_behind_sentinel, parts, options)
    single = functools.partial(_single, parts, timeout)
    if parts.kind == "cluster" or _is_in_cluster(single):
        options = {**_defaults(parts, timeout / _WAITS), **parts.options()}
        return functools.partial(_cluster, parts, options)
    return single


def _parse(url: str) -> RedisUrl:
    scheme, _, rest = url.partition("://")
    scheme, _, kind = scheme.partition("+")
    is_known = scheme in {"redis", "rediss", "unix"}
    if not is_known or kind not in {"", "sentinel", "cluster"}:
        raise ValueError("scheme")
    rest, _, query = rest.partition("?")
    if scheme == "unix":
        return RedisUrl(scheme, "", "", [rest], "", query)
    # Hosts may be given as whole URLs, too, separated by commas.
    urls = re.split(r",rediss?(?:\+cluster)?://", rest)
    place, _, path = urls[0].partition("/")
    account, _, hosts = place.rpartition("@")
    others = [each.partition("/")[0].rpartition("@")[2] for each in urls[1:]]
    names = [*hosts.split(","), *others]
    if "@" in account or not all(urlsplit(f"//{name}").hostname for name in names):
        raise ValueError("account or host")
    if len(names) > 1 and kind == "":
        kind = "cluster"
    return RedisUrl(scheme, kind, account, names, path, query)


def _defaults(parts: RedisUrl, timeout: float) -> Options:
    options: Options = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
    }
    if parts.scheme == "rediss":
        # Older releases of redis-py do not check the host name by default.
        is_checked = "ssl_cert_reqs=none" not in parts.query.lower()
        options["ssl_check_hostname"] = is_checked
    return options


def _check_options(key: str, parts: RedisUrl, options: Options) -> None:
    """Refuse an option that redis-py does not know, or ignores."""
    known = {*inspect.signature(redis.Redis).parameters, *_OF_POOL}
    for name in options:
        plain = name
        if parts.kind == "sentinel":
            plain = name.removeprefix(_OF_SENTINEL)
        if plain not in known:
            raise BadSetting(key, f"has an option that redis-py does not know: {name}")
        if plain.startswith("ssl") and parts.scheme != "rediss":
            raise BadSetting(key, f"has {name}, which needs a URL with rediss")


def _single(parts: RedisUrl, timeout: float) -> redis.Redis:
    defaults = {
        **_defaults(parts, timeout),
        "timeout": timeout,
        "max_connections": _CONNECTIONS,
    }
    pool = BlockingConnectionPool.from_url(parts.single, **defaults)
    return OneServer.from_pool(pool)


def _is_in_cluster(make: Callable[[], redis.Redis]) -> bool:
    client = make()
    try:
        return bool(client.info("cluster").get("cluster_enabled"))
    except redis.ResponseError:
        # The user of the connection may lack the right to INFO.
        return False
    finally:
        client.close()


def _cluster(parts: RedisUrl, options: Options) -> t.Any:
    """Return a client for the cluster that has some hosts."""
    places = [urlsplit(f"//{host}") for host in parts.hosts]
    nodes = [ClusterNode(each.hostname or "", each.port or 6379) for each in places]
    tls = {"ssl": True} if parts.scheme == "rediss" else {}
    common = {k: v for k, v in options.items() if k not in {"db", "timeout"}}
    return redis.RedisCluster(
        startup_nodes=nodes, require_full_coverage=False, **{**common, **tls}
    )


def _behind_sentinel(parts: RedisUrl, options: Options) -> t.Any:
    """Return a client of ``redis+sentinel://[user:password@]hosts/service[/db]``.

    The options, but not the account, are for the Sentinels as well; options for them
    alone begin with ``sentinel_``.
    """
    service, _, db = parts.path.partition("/")
    if not service:
        raise ValueError("no service")
    theirs = {
        name.removeprefix(_OF_SENTINEL): value
        for name, value in options.items()
        if name.startswith(_OF_SENTINEL)
    }
    ours = {k: v for k, v in options.items() if not k.startswith(_OF_SENTINEL)}
    if parts.scheme == "rediss":
        ours["ssl"] = True
    pool = {"db": int(db or 0), "timeout": ours["socket_timeout"]}
    shared = {k: v for k, v in ours.items() if k not in _NOT_SENTINELS}
    sentinel = Sentinel(
        [_sentinel_of(each) for each in parts.hosts],
        sentinel_kwargs={**shared, **theirs},
    )
    return sentinel.master_for(
        service,
        connection_pool_class=WaitingSentinelPool,
        **{"max_connections": _CONNECTIONS, **pool, **ours},
    )


#: The options for the server behind Sentinel alone.
_NOT_SENTINELS = {"username", "password", "db", "timeout", "max_connections"}


def _sentinel_of(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    return parts.hostname or "", parts.port or 26379
