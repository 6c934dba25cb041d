"""A store's connections live on the extension's event loop and outlast requests."""

from __future__ import annotations

import asyncio
import os
import threading
import typing as t
from collections.abc import Callable

import httpx
import psycopg
import pytest
from asgiref.wsgi import WsgiToAsgi
from flask import Flask
from redis import Redis

from flask_auth0 import Auth0, current_user, login_required
from tests.harness.visitor import ADA, HOST, MakeApp, MakeVisitor, Visitor

PATHS = ("/profile", "/guarded", "/awaited", "/user")
#: How many connections the stores on the page open at most.
MOST = 10

Connections = Callable[[], set[int]]


class Place(t.NamedTuple):
    """A store, and the ids of its connections as its server knows them."""

    store: t.Any
    connections: Connections


@pytest.fixture(params=["redis", "postgresql"])
def place(request: pytest.FixtureRequest) -> t.Iterator[Place]:
    if request.param == "redis":
        redis: Redis = request.getfixturevalue("redis")
        own = redis.client_id()

        def clients() -> set[int]:
            found = redis.client_list()
            return {int(c["id"]) for c in found if c["db"] == "8"} - {own}

        yield Place(request.getfixturevalue("redis_store"), clients)
        return
    url = request.getfixturevalue("postgres_url")
    store = request.getfixturevalue("postgres_store")
    with psycopg.connect(url, autocommit=True) as connection:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        # Apps of other tests may not have let go of theirs yet.
        others = {row[0] for row in connection.execute(query)}
        yield Place(
            store, lambda: {row[0] for row in connection.execute(query)} - others
        )


@pytest.fixture
def app(make_own_app: MakeApp, place: Place) -> Flask:
    app = make_own_app(state_store=place.store)
    auth0 = Auth0()

    @app.get("/guarded")
    @login_required
    async def guarded() -> str:
        return f"Hello {current_user['name']}"

    @app.get("/awaited")
    async def awaited() -> str:
        found = await asyncio.gather(*(auth0.client.get_user() for _ in range(3)))
        (name,) = {(user or {}).get("name") for user in found}
        return f"Hello {name}"

    return app


def test_one_connection_serves_one_request_after_another(
    visitor: Visitor, place: Place
) -> None:
    visitor.log_in()
    before = place.connections()
    assert len(before) == 1
    for _ in range(10):
        assert visitor.get("/profile").text == "Hello Ada Lovelace"
        assert visitor.get("/guarded").text == "Hello Ada Lovelace"
        assert visitor.user()["email"] == ADA
    visitor.get("/logout")
    visitor.log_in()
    assert place.connections() == before


def test_one_pool_serves_many_threads(
    app: Flask, make_visitor: MakeVisitor, place: Place
) -> None:
    visitors = [make_visitor(app) for _ in range(16)]
    callbacks = [
        visitor.authorize(visitor.get("/login"), f"user{number}@example.com")
        for number, visitor in enumerate(visitors)
    ]
    barrier = threading.Barrier(len(visitors))
    wrong: list[t.Any] = []

    def visit(number: int) -> None:
        visitor = visitors[number]
        barrier.wait()
        visitor.get(callbacks[number])
        for _ in range(5):
            statuses = [visitor.get(path).status_code for path in PATHS]
            email = visitor.user()["email"]
            if (set(statuses), email) != ({200}, f"user{number}@example.com"):
                wrong.append((statuses, email))

    threads = [threading.Thread(target=visit, args=[n]) for n in range(len(visitors))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(pools_of(place.store)) == 1
    before = place.connections()
    assert 1 <= len(before) <= MOST
    assert [visitor.user() is not None for visitor in visitors] == [True] * 16
    assert place.connections() == before


def test_it_serves_one_event_loop_after_another(
    app: Flask, visitor: Visitor, place: Place
) -> None:
    """asgiref runs the views on the loop of the server, which is another each time."""
    visitor.log_in()
    before = place.connections()
    cookie = "; ".join(f"{k}={v}" for k, v in visitor.cookies().items())

    async def visit() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=WsgiToAsgi(app))
        headers = {"Cookie": cookie}
        async with httpx.AsyncClient(
            transport=transport, base_url=HOST, headers=headers
        ) as client:
            return await asyncio.gather(*(client.get(path) for path in PATHS * 3))

    for _ in range(3):
        assert {answer.status_code for answer in asyncio.run(visit())} == {200}
    after = place.connections()
    assert before <= after
    assert len(after) <= MOST


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_a_pool_of_its_own(visitor: Visitor, place: Place) -> None:
    visitor.log_in()
    before = place.connections()
    ready, told = os.pipe()
    done, end = os.pipe()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            status = int(visitor.user()["email"] != ADA)
            os.write(told, b"1")
            os.close(end)
            os.read(done, 1)
        finally:
            os._exit(status)
    os.close(told)
    assert os.read(ready, 1) == b"1"
    # Both are connected: neither reads the other's answers.
    assert len(place.connections() - before) == 1
    assert visitor.user()["email"] == ADA
    assert before <= place.connections()
    os.close(end)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert visitor.user()["email"] == ADA
    os.close(ready)
    os.close(done)


def pools_of(store: t.Any) -> dict[int, t.Any]:
    """The pools of a store, by process."""
    return t.cast("dict[int, t.Any]", getattr(store, "pools", None) or store.clients)
