"""The back ends that every contract is tried on, and the settings that name each."""

from __future__ import annotations

import functools
import os
import secrets
import socket
import typing as t
from collections.abc import Callable

import pytest
from redis import Redis

from flask_auth0.sessions.stores import memory
from tests.harness.redis_cluster import Cluster

Settings = dict[str, t.Any]
#: Returns the value of a fixture.
Find = Callable[[str], t.Any]


def _redis(find: Find) -> Settings:
    url = find("redis_url")
    with Redis.from_url(url) as client:
        client.flushdb()
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}


def _cluster(find: Find) -> Settings:
    cluster: Cluster = find("cluster")
    cluster.flush()
    hosts = ",".join(f"127.0.0.1:{port}" for port in cluster.ports)
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": f"redis+cluster://{hosts}"}


def _postgresql(find: Find) -> Settings:
    url = find("postgres_url")
    return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}


def _sqlalchemy(find: Find) -> Settings:
    url = f"sqlite:///{find('tmp_path')}/sessions.db"
    return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}


def _mongodb(find: Find) -> Settings:
    """A real server where there is one, an imitation elsewhere."""
    import pymongo

    from tests.harness.imitated_mongodb import imitated_client

    url = os.environ.get("FLASK_AUTH0_MONGODB_URL")
    client: t.Any = pymongo.MongoClient(url) if url else imitated_client()
    client.drop_database("flask_auth0_tests")
    return {
        "SESSION_TYPE": "mongodb",
        "SESSION_MONGODB": client,
        "SESSION_MONGODB_DB": "flask_auth0_tests",
    }


def _dynamodb(find: Find) -> Settings:
    return {
        "SESSION_TYPE": "dynamodb",
        "SESSION_DYNAMODB": find("dynamodb_url"),
        "SESSION_DYNAMODB_TABLE": f"sessions-{secrets.token_hex(4)}",
    }


def _memcached(find: Find) -> Settings:
    port = find("memcached_port")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"flush_all\r\n")
        assert connection.recv(16) == b"OK\r\n"
    address = f"127.0.0.1:{port}"
    return {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": address}


def _memory(find: Find) -> Settings:
    """One memory for all apps of a test, which stand for processes."""
    shared: memory.Values = {}
    make = functools.partial(memory.MemoryBackEnd, make=lambda: shared)
    find("monkeypatch").setattr(memory, "MemoryBackEnd", make)
    return {"SESSION_TYPE": "memory", "TESTING": True}


def _file(kind: str, name: str, find: Find) -> Settings:
    return {
        "SESSION_TYPE": kind,
        f"SESSION_{kind.upper()}": str(find("tmp_path") / name),
    }


class Place(t.NamedTuple):
    """A back end of tests."""

    #: Empties it and returns its settings.
    empty: Callable[[Find], Settings]
    #: Whether other processes reach it, and a connection leads there: an imitation in
    #: the process of the tests has neither.
    is_outside: bool = True
    #: Whether its locks hold in several processes at once.
    locks_outside: bool = True


#: The back ends that every contract is tried on, by their names in tests.
MATRIX: dict[str, Place] = {
    "redis": Place(_redis),
    "cluster": Place(_cluster),
    "postgresql": Place(_postgresql),
    "sqlalchemy": Place(_sqlalchemy),
    "sqlite": Place(lambda find: _file("sqlite", "sessions.db", find)),
    "mongodb": Place(_mongodb, is_outside=False, locks_outside=False),
    "dynamodb": Place(_dynamodb),
    "memcached": Place(_memcached),
    "cachelib": Place(
        lambda find: _file("cachelib", "sessions", find), locks_outside=False
    ),
    "memory": Place(_memory, is_outside=False, locks_outside=False),
}
OUTSIDE = [name for name, place in MATRIX.items() if place.is_outside]
LOCKS_OUTSIDE = [name for name, place in MATRIX.items() if place.locks_outside]


def settings_of(kind: str, request: pytest.FixtureRequest) -> Settings:
    """Return the settings of an empty back end."""
    return MATRIX[kind].empty(request.getfixturevalue)
