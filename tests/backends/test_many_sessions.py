"""To end the many sessions of one user costs so much for each, and can be resumed."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from redis import Redis

from flask_auth0 import SessionStoreUnavailable
from flask_auth0.sessions.server import storage
from flask_auth0.sessions.server.setup import set_up_sessions
from flask_auth0.sessions.server.storage import RecordCompartment, back_end_of
from flask_auth0.sessions.storage_contract import Entry
from flask_auth0.sessions.stores.base import BackEnd
from flask_auth0.sessions.stores.dynamodb import DynamoBackEnd
from flask_auth0.sessions.stores.labels_in_values import LabelsInValues
from flask_auth0.sessions.stores.mongodb import MongoBackEnd
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd
from tests.contracts.index import end_all
from tests.harness.imitated_mongodb import imitated_client

PARTS = {"head": "h", "body": "b"}
#: How many sessions are ended together here; the product has more.
AT_ONCE = 4

Cost = Callable[[], int]


def make_store(settings: dict[str, t.Any], limit: float = 60) -> BackEnd:
    app = Flask(__name__)
    app.config.update(settings)
    assert set_up_sessions(app, limit) == []
    found = back_end_of(app.session_interface)
    assert found is not None
    return found


def entries(number: int) -> list[Entry]:
    """Sessions of one user, each of a login of its own at the tenant."""
    return [Entry(f"{number}.{n}", ("ada", f"{number}.{n}")) for n in range(number)]


def fill(compartment: RecordCompartment, number: int) -> list[Entry]:
    made = entries(number)
    for entry in made:
        compartment.create(entry, PARTS, 60)
    return made


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "AT_ONCE", AT_ONCE)


class LinearContract:
    """The contract of each back end; a subclass makes it and counts names."""

    @pytest.fixture
    def store(self) -> BackEnd:
        raise NotImplementedError

    @pytest.fixture
    def cost(self, store: t.Any, monkeypatch: pytest.MonkeyPatch) -> Cost:
        """The number of calls of the back end until now."""
        raise NotImplementedError

    def test_twice_as_many_cost_twice_as_much(
        self, store: BackEnd, cost: Cost, few_at_once: None
    ) -> None:
        compartment, costs = RecordCompartment(store, 600), []
        for number in (3 * AT_ONCE, 6 * AT_ONCE):
            made = fill(compartment, number)
            before = cost()
            end_all(compartment, "ada")
            costs.append(cost() - before)
            assert compartment.labelled("ada") == []
            assert compartment.read_all([e.record for e in made], "head") == {}
        assert costs[0] > 0
        assert costs[1] < 2.5 * costs[0]


class TestRedis(LinearContract):
    @pytest.fixture
    def store(self, redis_url: str) -> BackEnd:
        with Redis.from_url(redis_url) as redis:
            redis.flushdb()
        return make_store({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url})

    @pytest.fixture
    def cost(self, store: t.Any, monkeypatch: pytest.MonkeyPatch) -> Cost:
        return lambda: int(store.client.info("stats")["total_net_input_bytes"])


class SqlContract(LinearContract):
    @pytest.fixture
    def cost(self, store: SqlBackEnd, monkeypatch: pytest.MonkeyPatch) -> Cost:
        counted = [0]

        @sa.event.listens_for(store.engine, "before_cursor_execute")
        def count(*args: t.Any) -> None:
            parameters, is_many = args[3], args[5]
            counted[0] += len(parameters) if is_many else 1

        return lambda: counted[0]


class TestPostgreSQL(SqlContract):
    @pytest.fixture
    def store(self, postgres_url: str) -> BackEnd:
        url = {"SESSION_SQLALCHEMY": postgres_url}
        return make_store({"SESSION_TYPE": "sqlalchemy", **url})


class TestSQLite(SqlContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> BackEnd:
        url = {"SESSION_SQLALCHEMY": f"sqlite:///{tmp_path / 'sessions.db'}"}
        return make_store({"SESSION_TYPE": "sqlalchemy", **url})


class TestMongoDB(LinearContract):
    @pytest.fixture
    def store(self) -> BackEnd:
        client: t.Any = imitated_client()
        return make_store({"SESSION_TYPE": "mongodb", "SESSION_MONGODB": client})

    @pytest.fixture
    def cost(self, store: MongoBackEnd, monkeypatch: pytest.MonkeyPatch) -> Cost:
        counted, write = [0], store.collection.update_many

        def update_many(labels: t.Any, change: t.Any) -> t.Any:
            counted[0] += len(labels["id"]["$in"])
            counted[0] += len(change["$pull"]["records"]["name"]["$in"])
            return write(labels, change)

        monkeypatch.setattr(store.collection, "update_many", update_many)
        return lambda: counted[0]


class TestDynamoDB(LinearContract):
    @pytest.fixture
    def store(self, dynamodb_url: str) -> Iterator[BackEnd]:
        table = "ManySessions"
        store: t.Any = make_store(
            {
                "SESSION_TYPE": "dynamodb",
                "SESSION_DYNAMODB": dynamodb_url,
                "SESSION_DYNAMODB_TABLE": table,
            }
        )
        yield store
        store.table.delete()

    @pytest.fixture
    def cost(self, store: DynamoBackEnd, monkeypatch: pytest.MonkeyPatch) -> Cost:
        client: t.Any = store.client
        counted, write = [0], client.transact_write_items

        def transact(TransactItems: t.Any) -> t.Any:
            assert len(TransactItems) <= 100
            updates = [e["Update"] for e in TransactItems if "Update" in e]
            counted[0] += sum(
                len(e.get("ExpressionAttributeNames", {})) for e in updates
            )
            return write(TransactItems=TransactItems)

        monkeypatch.setattr(client, "transact_write_items", transact)
        return lambda: counted[0]


class ValuesContract(LinearContract):
    @pytest.fixture
    def cost(self, store: LabelsInValues, monkeypatch: pytest.MonkeyPatch) -> Cost:
        counted, change = [0], store.change

        def changed(*args: t.Any) -> None:
            counted[0] += 1
            change(*args)

        monkeypatch.setattr(store, "change", changed)
        return lambda: counted[0]


class TestMemcached(ValuesContract):
    @pytest.fixture
    def store(self, memcached_port: int) -> BackEnd:
        where = f"127.0.0.1:{memcached_port}"
        store: t.Any = make_store(
            {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": where}
        )
        store.client.flush_all(noreply=False)
        return t.cast(BackEnd, store)


class TestCachelib(ValuesContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> BackEnd:
        folder = {"SESSION_CACHELIB": str(tmp_path)}
        return make_store({"SESSION_TYPE": "cachelib", **folder})


@pytest.fixture
def store(redis_url: str) -> BackEnd:
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    return make_store({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}, limit=1)


def test_what_was_interrupted_is_resumed(
    store: BackEnd, few_at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    compartment = RecordCompartment(store, 600)
    made = fill(compartment, 3 * AT_ONCE)
    calls, end = [0], store.end

    def failing(*args: t.Any) -> None:
        calls[0] += 1
        # The call is tried once more, as its connection may be from before a restart.
        if calls[0] in {2, 3}:
            raise ConnectionError
        end(*args)

    monkeypatch.setattr(store, "end", failing)
    with pytest.raises(SessionStoreUnavailable):
        compartment.delete_all(made)
    left = compartment.labelled("ada")
    assert sorted(left) == sorted(each.record for each in made[AT_ONCE:])
    assert not compartment.read(made[0].record, "head")
    assert compartment.read(left[0], "head") == ("h",)
    end_all(compartment, "ada")
    assert compartment.labelled("ada") == []
    assert compartment.read_all(left, "head") == {}


def test_each_part_has_a_time_limit_of_its_own(
    store: BackEnd, few_at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts together may take longer than a request may wait for one answer."""
    compartment = RecordCompartment(store, 600)
    made = fill(compartment, 5 * AT_ONCE)
    now, end = [0.0], store.end

    def slow(*args: t.Any) -> None:
        now[0] += 0.4 * store.limit
        end(*args)

    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(store, "end", slow)
    with Flask(__name__).test_request_context():
        compartment.delete_all(made)
        assert compartment.labelled("ada") == []
