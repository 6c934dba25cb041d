"""Every back end finds a user's records by their labels, and loses none to a race."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Iterator
from pathlib import Path

import mongomock
import pytest
from cachelib.file import FileSystemCache
from flask import Flask
from flask_session import Session
from redis import Redis

from flask_auth0.sessions.server.interface import Ending, StoreInterface
from flask_auth0.sessions.server.setup import set_up_sessions
from flask_auth0.sessions.server.storage import RecordCompartment, store_of
from flask_auth0.sessions.storage_contract import Entry
from flask_auth0.sessions.stores.dynamodb import DynamoInterface
from flask_auth0.sessions.stores.redis import RedisInterface
from flask_auth0.sessions.stores.sqlalchemy import SqlInterface
from tests.harness.redis_cluster import Cluster

PARTS = {"head": "h", "body": "b"}


class IndexContract:
    """What holds wherever records and labels are kept."""

    #: How often a race is run.
    RACES = 25

    @pytest.fixture
    def settings(self) -> dict[str, t.Any]:
        """The configuration that puts sessions there."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, settings: dict[str, t.Any]) -> StoreInterface:
        app = Flask(__name__)
        app.config.update(settings)
        # A machine that is busy is no back end that is down.
        assert set_up_sessions(app, limit=60) == []
        found = store_of(app.session_interface)
        assert found is not None
        return found

    @pytest.fixture
    def records(self, store: StoreInterface) -> RecordCompartment:
        return RecordCompartment(store, 600)

    def test_records_are_found_by_each_of_their_labels(
        self, records: RecordCompartment
    ) -> None:
        assert records.create(Entry("one", ("ada", "first")), PARTS, 60)
        assert records.create(Entry("two", ("ada", "second")), PARTS, 60)
        assert records.create(Entry("three", ("grace", "third")), PARTS, 60)
        assert sorted(records.labelled("ada")) == ["one", "two"]
        assert records.labelled("second") == ["two"]
        assert records.labelled("nobody") == []

    def test_ending_some_leaves_the_others(self, records: RecordCompartment) -> None:
        one, two = Entry("one", ("ada", "first")), Entry("two", ("ada", "second"))
        for entry in (one, two):
            records.create(entry, PARTS, 60)
        records.delete(one)
        assert not records.read("one", "head")
        assert not records.read("one", "body")
        assert records.read("two", "head") == ("h",)
        assert records.labelled("ada") == ["two"]
        assert records.labelled("first") == []
        records.delete_all([one, two])
        assert records.labelled("ada") == []

    def test_one_that_replaces_another(self, records: RecordCompartment) -> None:
        before, after = Entry("one", ("ada", "sid")), Entry("two", ("ada", "sid"))
        records.create(before, PARTS, 60)
        records.create(after, PARTS, 60, replaces=before)
        assert not records.read("one", "head")
        assert records.labelled("ada") == records.labelled("sid") == ["two"]

    def test_a_label_ends_with_its_record(self, store: StoreInterface) -> None:
        store.label("ada", "one", -1, 60)
        store.label("ada", "two", 60, 60)
        assert store.labelled("ada") == ["two"]

    def test_an_update_keeps_the_labels(self, records: RecordCompartment) -> None:
        entry = Entry("one", ("ada",))
        records.create(entry, PARTS, 60)
        assert records.update("one", {"head": "new"}, 60)
        assert records.labelled("ada") == ["one"]
        records.delete(entry)
        assert not records.update("one", {"head": "newer"}, 60)
        assert not records.read("one", "head")

    def test_many(self, records: RecordCompartment) -> None:
        entries = [Entry(f"r{n}", ("ada", f"s{n}")) for n in range(30)]
        for entry in entries:
            records.create(entry, PARTS, 60)
        assert len(records.labelled("ada")) == 30
        records.delete_all(entries)
        assert records.labelled("ada") == []
        assert not any(records.read(each.record, "head") for each in entries)

    def test_a_login_during_a_logout_is_ended_or_found(
        self, records: RecordCompartment
    ) -> None:
        """No session is there that a later logout does not find."""
        for number in range(self.RACES):
            entries = [Entry(f"{number}.{n}", ("ada", f"{number}.{n}")) for n in "ab"]
            together(
                *[lambda e=each: records.create(e, PARTS, 60) for each in entries],
                *[lambda: end_all(records, "ada")] * 2,
            )
            alive = {e.record for e in entries if records.read(e.record, "head")}
            assert alive <= set(records.labelled("ada")), f"round {number}"
            end_all(records, "ada")
            assert not any(records.read(e.record, "head") for e in entries)


def end_all(records: RecordCompartment, label: str) -> None:
    """End what has a label, as a logout does."""
    found = records.labelled(label)
    if found:
        records.delete_all([Entry(each, (label, each)) for each in found])


def together(*works: t.Callable[[], object]) -> None:
    """Do things at once; what one of them raises is raised."""
    barrier = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: t.Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


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


class SqlContract(IndexContract):
    """What a database promises besides."""

    def test_a_login_is_kept_whole_or_not_at_all(
        self, store: SqlInterface, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: t.Any) -> t.NoReturn:
            raise KeyboardInterrupt

        monkeypatch.setattr(store, "_label", fail)
        with pytest.raises(KeyboardInterrupt):
            store.begin({"a": b"1", "b": b"2"}, ["label"], "a", 60, 60)
        assert store.fetch("a") is None

    def test_a_logout_is_whole_or_not_at_all(
        self, store: SqlInterface, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: t.Any) -> t.NoReturn:
            raise KeyboardInterrupt

        store.begin({"a": b"1"}, ["label"], "a", 60, 60)
        monkeypatch.setattr(store, "_unlabel", fail)
        with pytest.raises(KeyboardInterrupt):
            store.end([Ending("a", ("a",), ("label",))], 60)
        assert store.fetch("a") == b"1"

    def test_expired_labels_are_pruned(self, store: SqlInterface) -> None:
        store.begin({"a": b"1"}, ["label"], "a", -1, 60)
        store.begin({"b": b"1"}, ["label"], "b", 60, 60)
        pruned = store.prune()
        assert pruned.removed == 1
        while pruned.rest is not None:
            pruned = store.prune(pruned.rest)
            assert pruned.removed == 0
        with store.engine.connect() as connection:
            assert len(list(connection.execute(store.labels.select()))) == 1


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

    def test_a_login_after_many_that_have_expired(self, store: DynamoInterface) -> None:
        """An expression of more than 4 KB is refused by the real one."""
        expired = {f"record:r{number}": 1 for number in range(100)}
        store.store.put_item(Item={"id": "ada", **expired})
        sent: list[int] = []
        original = store.store.meta.client.transact_write_items

        def transact(TransactItems: t.Any) -> t.Any:
            updates = [each["Update"]["UpdateExpression"] for each in TransactItems]
            sent.extend(map(len, updates))
            return original(TransactItems=TransactItems)

        store.store.meta.client.transact_write_items = transact
        assert store.begin({"key": b"1"}, ["ada"], "new", 60, 60)
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
    def store(self, tmp_path: Path) -> StoreInterface:
        app = Flask(__name__)
        cache = FileSystemCache(str(tmp_path), threshold=0)
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
        Session(app)
        found = store_of(app.session_interface)
        assert found is not None
        assert store_of(app.session_interface) is found
        return found


class TestFlaskSessionsOwnRedis(IndexContract):
    @pytest.fixture
    def store(self, redis_url: str) -> Iterator[StoreInterface]:
        client = Redis.from_url(redis_url)
        client.flushdb()
        app = Flask(__name__)
        app.config.update(SESSION_TYPE="redis", SESSION_REDIS=client)
        Session(app)
        found = store_of(app.session_interface)
        assert isinstance(found, RedisInterface)
        yield found
        client.close()
