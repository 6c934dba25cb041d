"""A connection is taken as it is while it is fresh, and never with an answer on it."""

from __future__ import annotations

import random
import typing as t
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from flask_auth0 import current_user
from flask_auth0.sessions.server.interface import StoredSessionInterface
from flask_auth0.sessions.stores import redis as redis_store
from flask_auth0.sessions.stores.redis import AT_HAND, ReadyPool
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
    looks = count_looks(monkeypatch)
    for n in range(20):
        read(client, str(n))
    assert looks == []


def test_one_that_was_idle_is_looked_at(
    client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may have closed it, which a write must not be the first to meet."""
    looks = count_looks(monkeypatch)
    monkeypatch.setattr(redis_store, "FRESH", 0.0)
    with redis.Redis.from_url(redis_url) as other:
        other.client_kill_filter(_id=str(client.client_id()))
    client.set("written", "anew")
    assert len(looks) >= 2


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
    client: redis.Redis,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    read: Read,
    where: str,
) -> None:
    """Between sending a command and reading its answer, above all."""
    kind: t.Any = redis.Connection if where == "send_packed_command" else redis.Redis
    original = getattr(kind, where)

    def interrupted(*args: t.Any, **options: t.Any) -> t.NoReturn:
        if where == "send_packed_command":
            original(*args, **options)
        raise Interrupted

    with redis.Redis.from_url(redis_url) as other:
        # The answer comes late, so that a look at the connection does not find it.
        other.client_pause(100)
        with monkeypatch.context() as patched:
            patched.setattr(kind, where, interrupted)
            with pytest.raises(Interrupted):
                read(client, "1")
    for n in range(2, 10):
        assert read(client, str(n)) == f"value {n}".encode()
        assert client.get(str(n + 50)) == f"value {n + 50}".encode()


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
    """More of them than there are connections at hand, which some of them put back."""
    times = rounds(short=200, full=5000)

    def read(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        for _ in range(times):
            keys = dice.sample(range(100), 3)
            found = client.mget([str(n) for n in keys])
            assert found == [f"value {n}".encode() for n in keys]
            if dice.random() < 0.1:
                pool_of(client).look_again()

    with ThreadPoolExecutor(AT_HAND + 8) as executor:
        list(executor.map(read, range(AT_HAND + 8)))


@pytest.mark.parametrize("most", [1, 4, 9])
def test_more_threads_than_connections(redis_url: str, most: int) -> None:
    """Those at hand, which no waiting thread gets, are a quarter at most."""
    client = client_of(f"{redis_url}?max_connections={most}")

    def use(n: int) -> None:
        client.set(f"few {n}", str(n))
        assert client.get(f"few {n}") == str(n).encode()

    with ThreadPoolExecutor(12) as executor:
        list(executor.map(use, range(60)))
    client.close()


def test_connections_that_the_server_has_closed(redis_url: str) -> None:
    """The back end looks at them all once one of them fails, and tries again."""
    client = client_of(f"{redis_url}?client_name=closed")
    with redis.Redis.from_url(redis_url) as other:
        ask_at_once(client, other)
        of_client = [e["id"] for e in other.client_list() if e["name"] == "closed"]
        assert len(of_client) >= 4
        for each in of_client:
            other.client_kill_filter(_id=each)
        pool_of(client).look_again()
        ask_at_once(client, other)
    client.close()


def ask_at_once(client: redis.Redis, other: redis.Redis) -> None:
    """Let four threads wait at once, each with a connection."""
    other.client_pause(300)
    with ThreadPoolExecutor(4) as executor:
        assert [*executor.map(client.echo, ["here"] * 4)] == [b"here"] * 4


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
