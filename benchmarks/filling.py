"""Stores with many sessions, written in bulk as the extension writes each of them."""

from __future__ import annotations

import secrets
import time
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from itertools import islice

import redis
import sqlalchemy as sa
from flask import Flask

from flask_auth0.app_state import state_of
from flask_auth0.sessions.labels import record_of
from flask_auth0.sessions.server.storage import RecordCompartment, back_end_of
from flask_auth0.sessions.state_store import SessionStateStore
from flask_auth0.sessions.storage_contract import BODY, HEAD, Entry
from flask_auth0.sessions.stores.base import BackEnd, Begun, Labelling, Others
from flask_auth0.sessions.stores.redis import RedisBackEnd
from flask_auth0.sessions.stores.sqlalchemy import SqlBackEnd

from .plain import USER

#: Bytes of a body, which is only kept and removed here: one with short tokens.
BODY_SIZE = 700
#: Sessions that go to a server together.
_BATCH = 1000


class Login(t.NamedTuple):
    """One of the sessions in a store."""

    sub: str
    sid: str


class Written(t.NamedTuple):
    """What the extension would write for one session."""

    values: Mapping[str, bytes]
    labelling: Labelling


class Recorder:
    """Takes the place of a back end, and keeps what it is given."""

    def __init__(self) -> None:
        self.written: list[Written] = []

    def ask_in(self, outage: object, work: t.Callable[[], t.Any]) -> t.Any:
        """Do work."""
        return work()

    def begin_among(
        self, values: Mapping[str, bytes], labelling: Labelling, others: Others
    ) -> Begun:
        """Take a new session."""
        self.written.append(Written(values, labelling))
        return Begun([], [])


def login(number: int) -> Login:
    """Return who has the session of that number."""
    return Login(f"auth0|{number:024x}", f"{number:032x}")


def fill(app: Flask, count: int) -> None:
    """Give the store of an app so many sessions, each of another user."""
    store = back_end_of(app.session_interface)
    assert store is not None  # noqa: S101  # what the caller has set up
    write(store, _sessions(app, count))


def write(store: BackEnd, sessions: Iterable[Written]) -> None:
    """Give a store sessions, many at once where it takes them so."""
    if isinstance(store, RedisBackEnd):
        for batch in _batches(sessions):
            _write_to_redis(store.client, batch)
    elif isinstance(store, SqlBackEnd):
        _write_to_sql(store, sessions)
    else:
        for each in sessions:
            store.begin(each.values, each.labelling)


def sql_of(app: Flask) -> SqlBackEnd:
    """Return the back end of an app that keeps its sessions in a SQL database."""
    store = back_end_of(app.session_interface)
    assert isinstance(store, SqlBackEnd)  # noqa: S101  # what the caller has set up
    return store


def head_of(one: Login, session_id: str) -> dict[str, t.Any]:
    """Return the head of a state, as a login at Auth0 leaves it."""
    now = int(time.time())
    internal = {
        "sid": one.sid,
        "created_at": now,
        "session_expires_at": None,
        "session_id": session_id,
        "seen": now,
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
        "address": "127.0.0.1",
        "login": [now, now, now],
        "body_key": secrets.token_urlsafe(32),
    }
    user = {**USER, "sub": one.sub, "sid": one.sid}
    return {"user": user, "domain": "tenant.example.com", "internal": internal}


def _sessions(app: Flask, count: int) -> Iterator[Written]:
    states = t.cast(SessionStateStore, state_of(app).state_store).states
    recorder = Recorder()
    records = RecordCompartment(t.cast(t.Any, recorder), states.lifetime.absolute)
    body = secrets.token_hex(BODY_SIZE // 2)
    for number in range(count):
        session_id = f"{secrets.token_urlsafe(24)}.{secrets.token_urlsafe(18)}"
        head = head_of(login(number), session_id)
        parts, max_age = states.seal(head)
        entry = Entry(record_of(session_id), states.labels.of_head(head))
        records.create(entry, {HEAD: parts[HEAD], BODY: body}, max_age)
        yield recorder.written.pop()


def _batches(sessions: Iterable[Written]) -> Iterator[list[Written]]:
    sessions = iter(sessions)
    while batch := list(islice(sessions, _BATCH)):
        yield batch


def _write_to_redis(client: redis.Redis, batch: list[Written]) -> None:
    now = int(time.time())
    with client.pipeline(transaction=False) as pipeline:
        for each in batch:
            for key, value in each.values.items():
                pipeline.set(key, value, ex=each.labelling.max_age)
            given = each.labelling
            for name in given.labels:
                pipeline.zadd(name, {given.record: now + given.max_age})
                pipeline.expire(name, given.longest)
        pipeline.execute()


def _write_to_sql(store: SqlBackEnd, sessions: Iterable[Written]) -> None:
    # The store's own connections give up on what takes long.
    engine = sa.create_engine(store.engine.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        for batch in _batches(sessions):
            _copy(driver, store.table.name, _rows(batch))
            _copy(driver, store.labels.name, _label_rows(batch))
        # What the server would do later would be in the way of what is measured.
        connection.exec_driver_sql("VACUUM ANALYZE")
        connection.exec_driver_sql("CHECKPOINT")
    engine.dispose()


def _copy(driver: t.Any, table: str, rows: Iterable[dict[str, t.Any]]) -> None:
    found = list(rows)
    if not found:
        return
    command = f"COPY {table} ({', '.join(found[0])}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(command) as copy:
        for row in found:
            copy.write_row(list(row.values()))


def _rows(batch: list[Written]) -> Iterator[dict[str, t.Any]]:
    for each in batch:
        for key, value in each.values.items():
            yield {"session_id": key, "data": value, "expiry": _expiry(each)}


def _label_rows(batch: list[Written]) -> Iterator[dict[str, t.Any]]:
    for each in batch:
        given, expiry = each.labelling, _expiry(each)
        for name in given.labels:
            yield {"name": name, "record": given.record, "expiry": expiry}


def _expiry(session: Written) -> datetime:
    # The tables have UTC, without saying so.
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    return now + timedelta(seconds=session.labelling.max_age)
