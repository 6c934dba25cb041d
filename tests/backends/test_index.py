"""Every back end finds a user's records by their labels, and loses none to a race."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from cachelib.file import FileSystemCache
from flask import Flask
from flask_session import Session
from redis import Redis

from flask_auth0.sessions.server.storage import RecordCompartment, back_end_of
from flask_auth0.sessions.storage_contract import Entry
from flask_auth0.sessions.stores.base import BackEnd, Ending, Labelling
from flask_auth0.sessions.stores.dynamodb import DynamoBackEnd
from flask_auth0.sessions.stores.redis import RedisBackEnd
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd
from tests.contracts.index import PARTS, IndexContract, end_all, opened

from .fileless import fileless_process
from .matrix import MATRIX, OUTSIDE, Settings, settings_of


class TestEvery(IndexContract):
    @pytest.fixture(params=MATRIX)
    def settings(self, request: pytest.FixtureRequest) -> dict[str, t.Any]:
        # The imitation of DynamoDB does one thing at a time, and slowly.
        self.RACES = 5 if request.param == "dynamodb" else 25
        return settings_of(request.param, request)


@pytest.fixture(scope="module")
def status_without_files() -> Iterator[t.Callable[[Settings], int]]:
    """A process that can be left without files."""
    with fileless_process() as ask:
        yield ask


@pytest.mark.parametrize("kind", OUTSIDE)
def test_errors_of_its_driver_are_known(
    kind: str,
    request: pytest.FixtureRequest,
    status_without_files: t.Callable[[Settings], int],
) -> None:
    assert status_without_files(settings_of(kind, request)) == 503


#: A label that no driver writes.
UNWRITABLE: t.Any = object()


class TestWhole:
    """In a database, a login or a logout is kept whole or not at all."""

    @pytest.fixture(params=["postgresql", "sqlalchemy", "sqlite"])
    def store(self, request: pytest.FixtureRequest) -> t.Any:
        return opened(settings_of(request.param, request))

    def test_a_login(self, store: t.Any) -> None:
        bad = Labelling("a", [UNWRITABLE], 60, 60)
        with pytest.raises(store.failures):
            store.begin({"a": b"1", "b": b"2"}, bad)
        assert store.fetch("a") is None

    def test_a_logout(self, store: t.Any) -> None:
        store.begin({"a": b"1"}, Labelling("a", ["label"], 60, 60))
        with pytest.raises(store.failures):
            store.end([Ending("a", ("a",), (UNWRITABLE,))])
        assert store.fetch("a") == b"1"


@pytest.mark.parametrize("kind", ["postgresql", "sqlalchemy"])
def test_expired_labels_are_pruned(kind: str, request: pytest.FixtureRequest) -> None:
    store = opened(settings_of(kind, request))
    assert isinstance(store, SqlBackEnd)
    store.begin({"a": b"1"}, Labelling("a", ["label"], -1, 60))
    store.begin({"b": b"1"}, Labelling("b", ["label"], 60, 60))
    pruned = store.prune()
    assert pruned.removed == 1
    while pruned.rest is not None:
        pruned = store.prune(pruned.rest)
        assert pruned.removed == 0
    with store.engine.connect() as connection:
        assert len(list(connection.execute(store.labels.select()))) == 1


class TestRedis:
    @pytest.fixture
    def records(self, request: pytest.FixtureRequest) -> RecordCompartment:
        return RecordCompartment(opened(settings_of("redis", request)), 600)

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


@pytest.fixture
def dynamodb(request: pytest.FixtureRequest) -> DynamoBackEnd:
    found = opened(settings_of("dynamodb", request))
    assert isinstance(found, DynamoBackEnd)
    return found


def test_a_login_after_many_that_have_expired(dynamodb: DynamoBackEnd) -> None:
    """An expression of more than 4 KB is refused by the real one."""
    expired = {f"record:r{number}": 1 for number in range(100)}
    dynamodb.table.put_item(Item={"id": "ada", **expired})
    sent: list[int] = []
    original = dynamodb.client.transact_write_items

    def transact(TransactItems: t.Any) -> t.Any:
        updates = [each["Update"]["UpdateExpression"] for each in TransactItems]
        sent.extend(map(len, updates))
        return original(TransactItems=TransactItems)

    dynamodb.client.transact_write_items = transact
    assert dynamodb.begin({"key": b"1"}, Labelling("new", ["ada"], 60, 60))
    assert max(sent) < 400
    assert dynamodb.labelled("ada") == ["new"]


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


def test_a_table_that_is_busy_leaves_keys_out(dynamodb: DynamoBackEnd) -> None:
    dynamodb.keep("session", b"1", 60)
    dynamodb.keep("head", b"2", 60)
    original = dynamodb.client.batch_get_item

    def batch_get_item(RequestItems: dict[str, t.Any]) -> t.Any:
        ((name, wanted),) = RequestItems.items()
        assert wanted["ConsistentRead"]
        found = original(RequestItems=RequestItems)
        items = [i for i in found["Responses"][name] if i["id"] != "session"]
        left = {name: {"Keys": [{"id": "session"}], "ConsistentRead": True}}
        return {"Responses": {name: items}, "UnprocessedKeys": left}

    dynamodb.client.batch_get_item = batch_get_item
    found = dynamodb.fetch_together("session", "head", "none")
    assert found == {"session": b"1", "head": b"2", "none": None}


def test_a_role_without_the_right_to_batches(dynamodb: DynamoBackEnd) -> None:
    dynamodb.keep("session", b"1", 60)
    asked: list[t.Any] = []

    def batch_get_item(**options: t.Any) -> t.NoReturn:
        asked.append(options)
        denied = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        raise ClientError(denied, "BatchGetItem")

    dynamodb.client.batch_get_item = batch_get_item
    for _ in range(3):
        assert dynamodb.fetch_together("session", "head") == {"session": b"1"}
    assert len(asked) == 1
