"""Which requests read a session, and that no update makes one."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask_session.base import ServerSideSession

from flask_auth0.sessions.stores.base import BackEnd
from tests.harness.interfaces import interface_of
from tests.harness.visitor import MakeApp, Visitor

from .test_unreadable import SID


@pytest.fixture
def app(app_on_redis: Flask) -> Flask:
    return app_on_redis


def test_what_has_expired_is_expired_before_the_back_end_removes_it(
    make_app: MakeApp, postgres_url: str, dynamodb_url: str, tmp_path: Path
) -> None:
    from tests.harness.imitated_mongodb import imitated_client

    for settings in [
        {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": postgres_url},
        {
            "SESSION_TYPE": "dynamodb",
            "SESSION_DYNAMODB": dynamodb_url,
            # The imitation is slow where other tests run beside it.
            "AUTH0_SESSION_STORE_TIMEOUT": 30,
        },
        {"SESSION_TYPE": "mongodb", "SESSION_MONGODB": imitated_client()},
    ]:
        interface = interface_of(make_app(settings))
        for max_age, found in [(-1, None), (60, {"a": 1})]:
            lifetime = timedelta(seconds=max_age)
            interface._upsert_session(
                lifetime, ServerSideSession({"a": 1}), "session:x"
            )
            assert interface._retrieve_session_data("session:x") == found
        interface._delete_session("session:x")
        assert not interface.back_end.replace("session:x", b"2", 60)
        assert interface._retrieve_session_data("session:x") is None


def test_pages_that_need_no_session_ask_the_back_end_nothing(
    app: Flask, visitor: Visitor, redis: t.Any
) -> None:
    visitor.get("/put/a/b")
    visitor.get("/session")
    before = redis.info("commandstats")["cmdstat_get"]["calls"]
    assert visitor.get("/").status_code == 200
    assert redis.info("commandstats")["cmdstat_get"]["calls"] == before


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (lambda s: s["a"], 1),
        (lambda s: dict(s), {"a": 1}),
        (lambda s: {**s}, {"a": 1}),
        (lambda s: "a" in s, True),
        (lambda s: len(s), 1),
        (lambda s: list(s), ["a"]),
        (lambda s: bool(s), True),
        (lambda s: s | {"b": 2}, {"a": 1, "b": 2}),
        (lambda s: s == {"a": 1}, True),
        (lambda s: s.pop("a"), 1),
        (lambda s: s.setdefault("a", 2), 1),
        (lambda s: sorted(s.items()), [("a", 1)]),
        (lambda s: s.copy(), {"a": 1}),
        (lambda s: "'a': 1" in repr(s), True),
        (lambda s: s.permanent, False),
        (lambda s: s.sid, SID),
        (lambda s: msgspec.json.encode(dict(s)), b'{"a":1}'),
    ],
    ids=range(17),
)
def test_any_look_into_a_session_reads_it(
    app: Flask, operation: Callable[[t.Any], t.Any], expected: t.Any
) -> None:
    interface = interface_of(app)
    interface._upsert_session(
        timedelta(seconds=60), ServerSideSession({"a": 1}), f"session:{SID}"
    )
    with app.test_request_context(headers={"Cookie": f"session={SID}"}) as context:
        assert isinstance(context.session, ServerSideSession)
        assert operation(context.session) == expected


def test_an_update_never_creates(
    make_app: MakeApp, postgres_url: str, dynamodb_url: str, memcached_port: int
) -> None:
    """The record does not come back either if it is removed during updates."""
    for settings in [
        {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": postgres_url},
        {
            "SESSION_TYPE": "dynamodb",
            "SESSION_DYNAMODB": dynamodb_url,
            # The imitation is slow where other tests run beside it.
            "AUTH0_SESSION_STORE_TIMEOUT": 30,
        },
        {
            "SESSION_TYPE": "memcached",
            "SESSION_MEMCACHED": f"127.0.0.1:{memcached_port}",
        },
    ]:
        interface = interface_of(make_app(settings))
        interface._upsert_session(
            timedelta(seconds=60), ServerSideSession({"a": 0}), "record"
        )
        begun = threading.Event()

        def update(
            store: BackEnd = interface.back_end, begun: threading.Event = begun
        ) -> None:
            while store.replace("record", b"1", 60):
                begun.set()

        threads = [threading.Thread(target=update) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert begun.wait(5)
        interface._delete_session("record")
        for thread in threads:
            thread.join(5)
            assert not thread.is_alive()
        assert interface._retrieve_session_data("record") is None
