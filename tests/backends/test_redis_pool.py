"""A connection is taken as it is while it is fresh, and never with an answer on it."""

from __future__ import annotations

import math
import random
import threading
import typing as t
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis.connection import BlockingConnectionPool

from flask_auth0 import current_user
from flask_auth0.sessions.server.interface import StoredSessionInterface
from flask_auth0.sessions.stores import redis as redis_store
from flask_auth0.sessions.stores.redis import ReadyPool
from flask_auth0.sessions.stores.redis_urls import clients_of
from flask_auth0.testing import logged_in_client
from tests.fixtures.rounds import Rounds
from tests.harness.visitor import MakeApp

LIMIT = 10.0


class Interrupted(BaseException):
    """What a worker's time-out, or one of gevent, raises at any place."""


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    client = client_of(redis_url)
    client.mset({str(n): f"value {n}" for n in range(100)})
    yield client
    client.close()


def client_of(url: str) -> redis.Redis:
    clients, _ = clients_of("SESSION_REDIS", url, LIMIT, ReadyPool)
    client: redis.Redis = clients.get()
    return client


def pool_of(client: redis.Redis) -> ReadyPool:
    pool = client.connection_pool
    assert isinstance(pool, ReadyPool)
    return pool


def connections(client: redis.Redis) -> int:
    """Return how many connections the server has ever taken."""
    return int(client.info("stats")["total_connections_received"])


def in_a_pipeline(client: redis.Redis, key: str) -> bytes | None:
    with client.pipeline(transaction=False) as pipeline:
        pipeline.set("written", key)
        pipeline.get(key)
        found: bytes | None = pipeline.execute()[1]
        return found


def in_a_transaction(client: redis.Redis, key: str) -> bytes | None:
    with client.pipeline(transaction=True) as pipeline:
        pipeline.set("written", key)
        pipeline.get(key)
        found: bytes | None = pipeline.execute()[1]
        return found


WAYS = pytest.mark.parametrize(
    "read", [redis.Redis.get, in_a_pipeline, in_a_transaction]
)
Read = t.Callable[[redis.Redis, str], bytes | None]


@WAYS
def test_one_thread_needs_one_connection(client: redis.Redis, read: Read) -> None:
    before = connections(client)
    for n in range(50):
        assert read(client, str(n)) == f"value {n}".encode()
        client.set("written", "anew")
    assert connections(client) == before


@WAYS
def test_a_fresh_connection_is_not_looked_at(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setattr(redis_store, "FRESH", math.inf)
    looks = count_looks(monkeypatch)
    for n in range(20):
        read(client, str(n))
    assert looks == []


def test_one_that_was_idle_is_looked_at(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may have closed it, which a write must not be the first to meet."""
    client = client_of(f"{redis_url}?max_connections=1")
    looks = count_looks(monkeypatch)
    monkeypatch.setattr(redis_store, "FRESH", 0.0)
    with redis.Redis.from_url(redis_url) as other:
        other.client_kill_filter(_id=str(client.client_id()))
    client.set("written", "anew")
    assert len(looks) >= 2
    client.close()


def count_looks(monkeypatch: pytest.MonkeyPatch) -> list[redis.Connection]:
    looks: list[redis.Connection] = []
    original = redis.Connection.can_read

    def can_read(self: redis.Connection, *args: t.Any, **options: t.Any) -> bool:
        looks.append(self)
        return bool(original(self, *args, **options))

    monkeypatch.setattr(redis.Connection, "can_read", can_read)
    return looks


def test_an_error_that_redis_answers_costs_no_connection(client: redis.Redis) -> None:
    client.lpush("list", "item")
    before = connections(client)
    for _ in range(5):
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            client.get("list")
        assert client.get("1") == b"value 1"
    assert connections(client) == before
    client.delete("list")


@WAYS
@pytest.mark.parametrize("where", ["send_packed_command", "parse_response"])
def test_the_answer_of_who_was_interrupted_is_nobody_elses(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch, read: Read, where: str
) -> None:
    """Between sending a command and reading its answer, above all."""
    kind: t.Any = redis.Connection if where == "send_packed_command" else redis.Redis
    original, before = getattr(kind, where), connections(client)

    def interrupted(*args: t.Any, **options: t.Any) -> t.NoReturn:
        if where == "send_packed_command":
            original(*args, **options)
        raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(kind, where, interrupted)
        with pytest.raises(Interrupted):
            read(client, "1")
    for n in range(2, 10):
        assert read(client, str(n)) == f"value {n}".encode()
        assert client.get(str(n + 50)) == f"value {n + 50}".encode()
    # A look would not have found an answer that came after it.
    assert connections(client) == before + 1


def test_an_error_handler_of_an_app_keeps_the_connection(client: redis.Redis) -> None:
    """The error that it handles was there before, and says nothing of an answer."""
    before = connections(client)
    for n in range(10):
        try:
            raise LookupError
        except LookupError:
            assert client.get(str(n)) == f"value {n}".encode()
    assert connections(client) == before


def test_threads_get_their_own_answers(client: redis.Redis, rounds: Rounds) -> None:
    """While some of them put all connections back that are at hand."""
    times = rounds(short=200, full=5000)

    def read(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        for _ in range(times):
            keys = dice.sample(range(100), 3)
            found = client.mget([str(n) for n in keys])
            assert found == [f"value {n}".encode() for n in keys]
            if dice.random() < 0.1:
                pool_of(client).look_again()

    with ThreadPoolExecutor(24) as executor:
        list(executor.map(read, range(24)))


@pytest.mark.parametrize("most", [1, 2, 4, 8])
def test_who_waits_gets_the_next_one(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also where others have been at hand."""
    pool = pool_of(client_of(f"{redis_url}?max_connections={most}"))
    held = [pool.get_connection() for _ in range(most)]
    waits, original = threading.Event(), BlockingConnectionPool.get_connection

    def get_connection(*args: t.Any) -> t.Any:
        waits.set()
        return original(*args)

    monkeypatch.setattr(BlockingConnectionPool, "get_connection", get_connection)
    with ThreadPoolExecutor(1) as executor:
        late = executor.submit(pool.get_connection)
        assert waits.wait(LIMIT)
        pool.release(held[0])
        assert late.result(LIMIT / 2) is held[0]
    pool.disconnect()


def test_one_that_is_given_back_just_before_somebody_waits(redis_url: str) -> None:
    pool = pool_of(client_of(f"{redis_url}?max_connections=1"))
    held = pool.get_connection()

    class GivenBackFirst(deque[None]):
        def append(self, item: None) -> None:
            pool.release(held)
            super().append(item)

    pool._waiting = GivenBackFirst()
    assert pool.get_connection() is held
    pool.disconnect()


def test_connections_that_the_server_has_closed(
    client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The back end lets redis-py look at all of them once one of them fails."""
    monkeypatch.setattr(redis_store, "FRESH", math.inf)
    pool = pool_of(client)
    held = [pool.get_connection() for _ in range(4)]
    ids = [client_id(each) for each in held]
    for each in held:
        pool.release(each)
    with redis.Redis.from_url(redis_url) as other:
        for number in ids:
            other.client_kill_filter(_id=number)
    with pytest.raises(redis.ConnectionError):
        client.get("1")
    pool.look_again()
    again = [pool.get_connection() for _ in range(3)]
    assert {client_id(each) for each in again}.isdisjoint(ids)
    for each in again:
        pool.release(each)


def client_id(connection: redis.Connection) -> str:
    connection.send_command("CLIENT", "ID")
    return str(connection.read_response())


def test_all_commands_share_connections(make_app: MakeApp, redis_url: str) -> None:
    """One that is seldom used would be dropped by a network, and nobody told."""
    url = f"{redis_url}?client_name=only"
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": url})
    back_end = t.cast(StoredSessionInterface, app.session_interface).back_end
    for number in range(4):
        back_end.keep("only", str(number).encode(), 60)
        assert back_end.fetch("only") == str(number).encode()
    with redis.Redis.from_url(redis_url) as other:
        names = [each["name"] for each in other.client_list()]
    assert names.count("only") == 1


@pytest.mark.parametrize("kind", ["single", "of the app"])
def test_a_session_outlives_the_connections_of_its_app(
    make_app: MakeApp, redis_url: str, kind: str
) -> None:
    url = f"{redis_url}?client_name=app"
    setting = url if kind == "single" else redis.Redis.from_url(url)
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": setting})
    app.add_url_rule("/name", view_func=lambda: str(current_user["name"]))
    client = logged_in_client(app, name="Ada")
    assert client.get("/name").text == "Ada"
    with redis.Redis.from_url(redis_url) as other:
        for each in other.client_list():
            if each["name"] == "app":
                other.client_kill_filter(_id=each["id"])
    assert client.get("/name").text == "Ada"
