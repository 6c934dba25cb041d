"""Waiting for another process at the tenant."""

from __future__ import annotations

import types

import pytest

from flask_auth0 import SessionStoreUnavailable
from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.sessions.stores import limits
from tests.harness.visitor import MakeApp


def test_waiting_for_another_process_takes_nothing_from_the_limit(
    make_app: MakeApp, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url})
    store = back_end_of(app.session_interface)
    assert store is not None
    now = [0.0]

    def take_a_while() -> None:
        now[0] += store.limit

    clock = types.SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(limits, "time", clock)
    with app.test_request_context():
        for _ in range(3):
            store.poll(take_a_while)
        store.ask(take_a_while)
        with pytest.raises(SessionStoreUnavailable):
            store.poll(take_a_while)
