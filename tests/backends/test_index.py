"""Every back end finds a user's records by their labels, and loses none to a race."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from pathlib import Path

import mongomock
import pytest
from cachelib.file import FileSystemCache
from flask import Flask
from flask_session import Session
from redis import Redis

from flask_auth0.sessions.server.storage import RecordCompartment, back_end_of
from flask_auth0.sessions.storage_contract import Entry
from flask_auth0.sessions.stores.base import BackEnd, Labelling
from flask_auth0.sessions.stores.dynamodb import DynamoBackEnd
from flask_auth0.sessions.stores.redis import RedisBackEnd
from tests.contracts.index import PARTS, IndexContract, SqlContract, end_all
from tests.harness.redis_cluster import Cluster


class TestRedis(IndexContract):
    @pytest.fixture
    def settings(self, redis_url: str) -> dict[str, t.Any]:
        with Redis.from_url(redis_url) as redis:
            redis.flushdb()
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}

    def test_the_cost_does_not_depend_on_how_many_there_are(
        self, records: RecordCompartment, redis_url: str
    ) -> None:
        costs = []
        for number in (10, 500):
            for n in range(number):
                records.create(Entry(f"{number}.{n}", (f"u{n}", f"s{n}")), PARTS, 60)
            with Redis.from_url(redis_url) as redis:
                before = calls(redis)
                end_all(records, "u7")
                after = calls(redis)
            made = {name: after[name] - before.get(name, 0) for name in after}
            costs.append({name: count for name, count in made.items() if count})
        assert costs[0] == costs[1]
        assert set(costs[0]) == {"zrangebyscore", "del", "zrem"}

    def test_nothing_is_left(self, records: RecordCompartment, redis_url: str) -> None:
        entry = Entry("one", ("ada", "sid"))
        records.create(entry, PARTS, 60)
        records.delete(entry)
        with Redis.from_url(redis_url) as redis:
            assert redis.keys("*") == []


def calls(redis: t.Any) -> dict[str, int]:
    """How often each command has been called."""
    found = redis.info("commandstats").items()
    own = {"info", "client|setinfo", "client", "select"}
    names = [(name.removeprefix("cmdstat_"), each["calls"]) for name, each in found]
    return {name: count for name, count in names if name not in own}


class TestRedisCluster(IndexContract):
    @pytest.fixture
    def settings(self, cluster: Cluster) -> dict[str, t.Any]:
        cluster.flush()
        url = f"redis://127.0.0.1:{cluster.ports[0]}"
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}


class TestPostgreSQL(SqlContract):
    @pytest.fixture
    def settings(self, postgres_url: str) -> dict[str, t.Any]:
        return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": postgres_url}


class TestSQLite(SqlContract):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, t.Any]:
        url = f"sqlite:///{tmp_path / 'sessions.db'}"
        return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}


class TestMongoDB(IndexContract):
    @pytest.fixture
    def settings(self) -> dict[str, t.Any]:
        return {"SESSION_TYPE": "mongodb", "SESSION_MONGODB": mongomock.MongoClient()}


class TestDynamoDB(IndexContract):
    RACES = 5

    @pytest.fixture
    def settings(self, dynamodb_url: str) -> Iterator[dict[str, t.Any]]:
        import boto3

        from .test_contract import LOCAL

        yield {"SESSION_TYPE": "dynamodb", "SESSION_DYNAMODB": dynamodb_url}
        client = boto3.client("dynamodb", endpoint_url=dynamodb_url, **LOCAL)
        client.delete_table(TableName="Sessions")
        client.close()

    def test_a_login_after_many_that_have_expired(self, store: DynamoBackEnd) -> None:
        """An expression of more than 4 KB is refused by the real one."""
        expired = {f"record:r{number}": 1 for number in range(100)}
        store.table.put_item(Item={"id": "ada", **expired})
        sent: list[int] = []
        original = store.client.transact_write_items

        def transact(TransactItems: t.Any) -> t.Any:
            updates = [each["Update"]["UpdateExpression"] for each in TransactItems]
            sent.extend(map(len, updates))
            return original(TransactItems=TransactItems)

        store.client.transact_write_items = transact
        assert store.begin({"key": b"1"}, Labelling("new", ["ada"], 60, 60))
        assert max(sent) < 400
        assert store.labelled("ada") == ["new"]


class TestMemcached(IndexContract):
    @pytest.fixture
    def settings(self, memcached_port: int) -> dict[str, t.Any]:
        from pymemcache.client.base import Client

        client = Client(("127.0.0.1", memcached_port))
        client.flush_all(noreply=False)
        client.close()
        where = f"127.0.0.1:{memcached_port}"
        return {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": where}


class TestCachelib(IndexContract):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, t.Any]:
        return {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": str(tmp_path)}


class TestFlaskSessionsOwn(IndexContract):
    """An interface that the app has set up itself."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> BackEnd:
        app = Flask(__name__)
        cache = FileSystemCache(str(tmp_path), threshold=0)
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
        Session(app)
        found = back_end_of(app.session_interface)
        assert found is not None
        assert back_end_of(app.session_interface) is found
        return found


class TestFlaskSessionsOwnRedis(IndexContract):
    @pytest.fixture
    def store(self, redis_url: str) -> Iterator[BackEnd]:
        client = Redis.from_url(redis_url)
        client.flushdb()
        app = Flask(__name__)
        app.config.update(SESSION_TYPE="redis", SESSION_REDIS=client)
        Session(app)
        found = back_end_of(app.session_interface)
        assert isinstance(found, RedisBackEnd)
        yield found
        client.close()
