"""What it costs that the tenant ends a session, among few sessions and among many."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

import redis
import sqlalchemy as sa
from flask import Flask

from flask_auth0 import Auth0
from tests.harness import postgres_server

from . import filling, ours, reference
from .lab import Lab
from .report import Table
from .tenant import logout_tokens
from .timing import Timing, interleave, milliseconds

#: Sessions that PostgreSQL is filled with at most.
_MOST_ROWS = 100_000
#: From so many on, the reference's loop runs once: it takes many seconds.
_SLOW = 50_000


class Store(t.NamedTuple):
    """A store full of sessions, and the app that has it."""

    app: Flask
    sessions: int
    #: Bytes of memory for each session, where the server says so.
    memory: float | None = None


class Logouts:
    """Ends some of a store's sessions, from all over it.

    :param times: how many, one with each call.
    """

    def __init__(self, lab: Lab, store: Store, times: int) -> None:
        step = store.sessions // times
        self._app = store.app
        self._ended = [filling.login(number * step) for number in range(times)]
        # They are good for two minutes.
        tokens = lab.tenant.ask(logout_tokens, [each.sid for each in self._ended])
        self._tokens = iter(tokens)
        self._client = store.app.test_client()
        self.check(1)

    def __call__(self) -> None:
        token = next(self._tokens)
        answer = self._client.post("/backchannel-logout", data={"logout_token": token})
        if answer.status_code != 200:
            raise RuntimeError(f"A logout is answered with {answer.text}")

    def check(self, expected: int) -> None:
        """Look whether each user has so many sessions."""
        with self._app.app_context():
            found = {len(Auth0().sessions.of(each.sub)) for each in self._ended}
        if found != {expected}:
            raise RuntimeError(f"There are {found} sessions, not {expected}.")


def measure(lab: Lab) -> list[Table]:
    """End sessions from outside, one after the other, in each of the stores in turn."""
    tables = [_redis_table(lab)]
    if postgres_server.is_installed():
        tables.append(_postgresql_table(lab))
    return tables


def _redis_table(lab: Lab) -> Table:
    counts = enumerate(lab.size.sessions, 1)
    stores = [_filled_redis(f"{lab.redis_url}/{n}", count) for n, count in counts]
    timings = _timed(lab, stores)
    rows = [
        [*_row(timings, store), _looped(lab, store.sessions), f"{store.memory:,.0f}"]
        for store in stores
    ]
    headings = [
        *("Sessions in Redis", "ms", "to the fewest"),
        *("The reference's loop, ms", "Bytes of a session"),
    ]
    return Table("A back-channel logout, sessions in Redis", headings, rows)


def _postgresql_table(lab: Lab) -> Table:
    with _databases(lab) as stores:
        timings = _timed(lab, stores)
    rows = [_row(timings, store) for store in stores]
    headings = ["Sessions in PostgreSQL", "ms", "to the fewest"]
    return Table("A back-channel logout, sessions in PostgreSQL", headings, rows)


def _timed(lab: Lab, stores: list[Store]) -> dict[str, Timing]:
    # One is for warming up.
    times = lab.size.logouts + 1
    calls = {_name(store): Logouts(lab, store, times) for store in stores}
    timings = interleave(calls, lab.size.logouts, 1)
    for logouts in calls.values():
        logouts.check(0)
    return timings


def _row(timings: dict[str, Timing], store: Store) -> list[str]:
    timing, fewest = timings[_name(store)], next(iter(timings.values()))
    return [_name(store), milliseconds(timing.wall), f"{timing.ratio(fewest):.2f}"]


def _name(store: Store) -> str:
    return f"{store.sessions:,}"


def _looped(lab: Lab, sessions: int) -> str:
    if sessions > lab.size.looped:
        return "not tried"
    times = 1 if sessions > _SLOW else 3
    url = f"{lab.redis_url}/{len(lab.size.sessions) + 1}"
    return milliseconds([reference.seconds_of_logout(url, sessions, times)])


def _filled_redis(url: str, count: int) -> Store:
    app = ours.ours_on_redis(url)
    with redis.Redis.from_url(url) as client:
        before = client.info("memory")["used_memory"]
        filling.fill(app, count)
        used = client.info("memory")["used_memory"] - before
    return Store(app, count, used / count)


@contextmanager
def _databases(lab: Lab) -> Iterator[list[Store]]:
    counts = [count for count in lab.size.sessions if count <= _MOST_ROWS]
    with postgres_server.running_postgres(lab.folder / "postgres") as socket:
        url = sa.make_url(f"postgresql+psycopg://postgres@/postgres?host={socket}")
        stores = [Store(_filled_database(url, count), count) for count in counts]
        try:
            yield stores
        finally:
            for store in stores:
                filling.sql_of(store.app).engine.dispose()


def _filled_database(url: sa.URL, count: int) -> Flask:
    name = f"sessions_{count}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    own = url.set(database=name).render_as_string()
    app = ours.ours_on_postgresql(own)
    filling.fill(app, count)
    return app
