"""The stores that the documentation shows, with their servers and visitors."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from flask_auth0.runtime import loop
from tests.docs.pages import Page, path_of, snippets
from tests.harness.clock import Clock
from tests.harness.visitor import SECRET, MakeApp

#: Seconds to wait for a store here: a machine that runs tests may stand still for some.
PATIENCE = 30


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """The classes on the page about stores."""
    return Page("stores.rst", tmp_path).run_until("CookieTransactions")


@pytest.fixture
def clock(page: Page, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time, as the stores and the SDK see it."""
    clock = Clock()
    monkeypatch.setitem(vars(page.module), "time", clock)
    monkeypatch.setattr("auth0_server_python.utils.helpers.time", clock)
    return clock


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """An empty Redis."""
    with Redis.from_url(redis_url, db=8) as client:
        client.flushdb()
        yield client


@pytest.fixture
def redis_store(page: Page, redis: Redis, redis_url: str) -> Iterator[t.Any]:
    """The store in Redis."""
    store = page["RedisStore"](f"{redis_url}/8", SECRET)
    store.timeout = PATIENCE
    yield store
    loop.run(_close_redis(store), 5)


@pytest.fixture
def postgres_url(postgres_folder: str) -> str:
    """A database with an empty table, as the page makes it."""
    create, *_ = snippets(path_of("stores.rst"), "sql")
    with psycopg.connect(host=postgres_folder, user="postgres") as connection:
        connection.execute("DROP TABLE IF EXISTS auth0_sessions")
        connection.execute(create.text)
    return f"postgresql://postgres@/postgres?host={postgres_folder}"


@pytest.fixture
def postgres_store(page: Page, postgres_url: str) -> Iterator[t.Any]:
    """The store in PostgreSQL."""
    store = page["PostgresStore"](postgres_url, SECRET)
    store.timeout = PATIENCE
    yield store
    loop.run(_close_postgres(store), 5)


@pytest.fixture
def make_own_app(make_app: MakeApp, page: Page) -> MakeApp:
    """Make apps with a state store, and with the transaction store of the page."""
    return functools.partial(
        make_app, transaction_store=page["CookieTransactions"](SECRET)
    )


async def _close_redis(store: t.Any) -> None:
    for client in store.clients.values():
        await client.connection_pool.disconnect()


async def _close_postgres(store: t.Any) -> None:
    for pool in store.pools.values():
        await pool.close()
