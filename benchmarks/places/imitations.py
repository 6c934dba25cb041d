"""Sessions in MongoDB and DynamoDB, or in imitations of them."""

from __future__ import annotations

import logging
import os
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import bson
import mongomock
import pymongo
from pymongo import monitoring

from tests.harness.dynamodb_server import running_dynamodb

from . import Commands, Place
from .dynamodb_units import OVERHEAD, READING, Meter, size_of

_DATABASE = "flask_auth0_scale"
_MONGODB_READING = frozenset({"find"})
_MONGODB_METHODS = ("find", "update_one", "update_many", "delete_one", "delete_many")


@contextmanager
def mongodb(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Take the server that ``FLASK_AUTH0_MONGODB_URL`` names, or imitate one."""
    url = os.environ.get("FLASK_AUTH0_MONGODB_URL")
    with _mongodb_server(url) if url else _mongodb_imitation() as place:
        yield place


@contextmanager
def _mongodb_server(url: str) -> Iterator[Place]:
    asked = Commands()

    class Listener(monitoring.CommandListener):
        def started(self, event: monitoring.CommandStartedEvent) -> None:
            asked[event.command_name] += 1

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
            """Do nothing: it was counted."""

        def failed(self, event: monitoring.CommandFailedEvent) -> None:
            """Do nothing: it was counted."""

    client: t.Any = pymongo.MongoClient(url, event_listeners=[Listener()])
    client.drop_database(_DATABASE)
    yield _mongodb(client, client.server_info()["version"], asked)
    client.drop_database(_DATABASE)
    client.close()


@contextmanager
def _mongodb_imitation() -> Iterator[Place]:
    asked, depth = Commands(), [0]

    def counted(name: str) -> t.Any:
        method = getattr(mongomock.Collection, name)

        def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
            # The imitation makes some of its methods of others.
            asked[name] += not depth[0]
            depth[0] += 1
            try:
                return method(*args, **kwargs)
            finally:
                depth[0] -= 1

        return call

    methods = {name: counted(name) for name in _MONGODB_METHODS}
    with mock.patch.multiple(mongomock.Collection, **methods):
        yield _mongodb(mongomock.MongoClient(), "mongomock", asked)


def _mongodb(client: t.Any, version: str, asked: Commands) -> Place:
    collection = client[_DATABASE]["sessions"]

    def used() -> float:
        return float(sum(len(bson.encode(each)) for each in collection.find({})))

    settings = {
        "SESSION_TYPE": "mongodb",
        "SESSION_MONGODB": client,
        "SESSION_MONGODB_DB": _DATABASE,
    }
    return Place(
        "MongoDB",
        version,
        settings,
        used,
        "documents",
        asked.copy,
        _MONGODB_READING,
        "imitated",
    )


@contextmanager
def dynamodb(redis_url: str, folder: Path) -> Iterator[Place | None]:
    """Imitate it."""
    import boto3

    # Its server would write a line for each request.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    with running_dynamodb() as url:

        def made() -> t.Any:
            place = {"endpoint_url": url, "region_name": "us-east-1"}
            return boto3.resource("dynamodb", **place, **keys)

        table, resource = made().Table("Sessions"), made()
        meter = Meter(table)
        meter.watch(resource.meta.client)

        def used() -> float:
            return float(sum(size_of(each) + OVERHEAD for each in scanned(table)))

        yield Place(
            "DynamoDB",
            "moto",
            {"SESSION_TYPE": "dynamodb", "SESSION_DYNAMODB": resource},
            used,
            "items, as they are billed",
            meter.requests.copy,
            READING,
            "imitated",
            units=meter.units.copy,
        )


def scanned(table: t.Any) -> list[dict[str, t.Any]]:
    """Return all items of a table."""
    found: list[dict[str, t.Any]] = []
    more: dict[str, t.Any] = {}
    while True:
        page = table.scan(**more)
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            return found
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
