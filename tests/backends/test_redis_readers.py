"""Readers keep their connections, and never one on which an answer may still arrive."""

from __future__ import annotations

import random
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from flask_auth0 import current_user
from flask_auth0.sessions.server.interface import StoredSessionInterface
from flask_auth0.sessions.stores.redis_readers import KEPT, OneServer
from flask_auth0.sessions.stores.redis_urls import clients_of
from flask_auth0.testing import logged_in_client
from tests.fixtures.rounds import Rounds
from tests.harness.processes import ROOT, environment
from tests.harness.visitor import MakeApp

LIMIT = 10.0


class Interrupted(BaseException):
    """What a worker's time-out, or one of gevent, raises at any place."""


@pytest.fixture
def client(redis_url: str) -> Iterator[OneServer]:
    clients, _ = clients_of("SESSION_REDIS", redis_url, LIMIT)
    client = clients.get()
    client.mset({str(n): f"value {n}" for n in range(100)})
    yield client
    client.close()


def connections(client: OneServer) -> int:
    """Return how many connections the server has ever taken."""
    return int(client.info("stats")["total_connections_received"])


def test_reads_of_one_thread_need_one_connection(client: OneServer) -> None:
    client.read("GET", "1")
    before = connections(client)
    for _ in range(50):
        assert client.read("MGET", "1", "2") == [b"value 1", b"value 2"]
    assert connections(client) == before


def test_an_error_that_redis_answers_costs_no_connection(client: OneServer) -> None:
    client.lpush("list", "item")
    client.read("GET", "1")
    before = connections(client)
    for _ in range(5):
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            client.read("GET", "list")
        assert client.read("GET", "1") == b"value 1"
    assert connections(client) == before
    client.delete("list")


@pytest.mark.parametrize("where", ["send_packed_command", "parse_response"])
def test_the_answer_of_who_was_interrupted_is_nobody_elses(
    client: OneServer, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Between sending a command and reading its answer, above all."""
    assert client.read("GET", "1") == b"value 1"
    kind: t.Any = redis.Connection if where == "send_packed_command" else redis.Redis
    original = getattr(kind, where)

    def interrupted(*args: t.Any, **options: t.Any) -> t.NoReturn:
        if where == "send_packed_command":
            original(*args, **options)
        raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(kind, where, interrupted)
        with pytest.raises(Interrupted):
            client.read("GET", "1")
    for n in range(2, 10):
        assert client.read("GET", str(n)) == f"value {n}".encode()
        assert client.get(str(n + 50)) == f"value {n + 50}".encode()


def test_threads_get_their_own_answers(client: OneServer, rounds: Rounds) -> None:
    """More of them than there are readers, some of whom are interrupted."""
    times = rounds(short=200, full=5000)
    client.lpush("list", "item")

    def read(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        for _ in range(times):
            keys = dice.sample(range(100), 3)
            found = client.read("MGET", *map(str, keys))
            assert found == [f"value {n}".encode() for n in keys]
            if dice.random() < 0.1:
                client.forget_readers()

    with ThreadPoolExecutor(KEPT + 8) as executor:
        list(executor.map(read, range(KEPT + 8)))
    client.delete("list")


@pytest.mark.parametrize("most", [1, 4, 9])
def test_few_connections_are_left_to_all_else(redis_url: str, most: int) -> None:
    """Readers, who keep theirs, are a quarter of them at most."""
    url = f"{redis_url}?max_connections={most}"
    clients, _ = clients_of("SESSION_REDIS", url, LIMIT)
    client = clients.get()

    def use(n: int) -> None:
        client.set(f"few {n}", str(n))
        assert client.read("GET", f"few {n}") == str(n).encode()

    with ThreadPoolExecutor(12) as executor:
        list(executor.map(use, range(60)))
    client.close()


def test_connections_that_the_server_has_closed(redis_url: str) -> None:
    """The back end forgets them all once one of them fails, and tries again."""
    clients, _ = clients_of("SESSION_REDIS", f"{redis_url}?client_name=closed", LIMIT)
    client = clients.get()
    with redis.Redis.from_url(redis_url) as other:
        read_at_once(client, other)
        of_client = [e["id"] for e in other.client_list() if e["name"] == "closed"]
        assert len(of_client) >= 4
        for each in of_client:
            other.client_kill_filter(_id=each)
        client.forget_readers()
        read_at_once(client, other)
    client.close()


def read_at_once(client: OneServer, other: redis.Redis) -> None:
    """Let four threads wait at once, each with a connection."""
    other.client_pause(300)
    with ThreadPoolExecutor(4) as executor:
        assert [*executor.map(client.read, ["PING"] * 4)] == [True] * 4


def test_what_writes_takes_the_connection_of_a_reader(
    make_app: MakeApp, redis_url: str
) -> None:
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


def test_a_lock_that_is_older_than_a_fork(redis_url: str) -> None:
    """It has the client of its parent, whose answers are the parent's alone."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.backends.forked_lock", redis_url],
        cwd=ROOT,
        env=environment({}),
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == "{} 0\n", ran.stderr
