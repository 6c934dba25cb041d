"""A user has so many sessions on the server, and no more."""

from __future__ import annotations

import time
import typing as t

import pytest
from flask import Flask
from pymemcache.client.base import Client

from flask_auth0 import Auth0, SessionStoreUnavailable, session_revoked
from flask_auth0.runtime.processes import PerProcess
from flask_auth0.sessions.stores.base import Labelling
from flask_auth0.sessions.stores.memcached import MemcachedBackEnd
from tests.harness.setups import setup
from tests.harness.visitor import GRACE, MakeApp, MakeVisitor

from .matrix import MATRIX, settings_of

MOST = 3
#: Labels are members of a sorted set, rows, or parts of a value that is read first.
KINDS = ["redis", "sqlite", "memcached"]


@pytest.fixture(params=MATRIX)
def app(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    return make_app(
        settings_of(request.param, request),
        sessions_per_user=MOST,
        session_store_timeout=30,
    )


def test_the_oldest_goes(
    app: Flask, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[t.Any] = []

    def hear(sender: object, **about: t.Any) -> None:
        heard.append(about)

    # The back ends have no other clock, and no app hands them one.
    real, ahead = time.time, [-60.0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    grace = make_visitor(app)
    grace.log_in(GRACE)
    visitors = [make_visitor(app) for _ in range(MOST + 2)]
    with session_revoked.connected_to(hear):
        for visitor in visitors:
            visitor.log_in()
            # Sessions that began within one second are of one age.
            ahead[0] += 2
    assert [bool(each.user()) for each in visitors] == [False] * 2 + [True] * MOST
    assert grace.user() is not None
    assert [each["sub"] for each in heard] == ["auth0|ada"] * 2
    assert len({each["sid"] for each in heard}) == 2
    with app.test_request_context():
        assert len(Auth0().sessions.of("auth0|ada")) == MOST


@pytest.mark.parametrize("app", KINDS, indirect=True)
def test_one_browser_that_logs_in_again_ends_no_other(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    """With it, there are as many as there may be."""
    others, again = [make_visitor(app) for _ in range(MOST - 1)], make_visitor(app)
    for each in others:
        each.log_in()
    for _ in range(MOST + 2):
        again.log_in()
    assert all(each.user() is not None for each in (*others, again))


@pytest.mark.parametrize("app", KINDS, indirect=True)
def test_many_at_once_are_ended_bit_by_bit(
    app: Flask, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(MOST):
        make_visitor(app).log_in()
    app.extensions["auth0"].state_store._changes._most = 1
    monkeypatch.setattr("flask_auth0.sessions.ending.AT_ONCE", 2)
    counts = []
    for _ in range(2):
        make_visitor(app).log_in()
        with app.test_request_context():
            counts.append(len(Auth0().sessions.of("auth0|ada")))
    assert counts == [2, 1]


def test_a_label_that_cannot_be_changed_is_no_endless_loop(memcached_port: int) -> None:
    class Contended(Client):  # type: ignore[misc]
        def add(self, *args: t.Any, **options: t.Any) -> bool:
            return False

    client = Contended(("127.0.0.1", memcached_port))
    store = MemcachedBackEnd(setup(limit=0.2), PerProcess(lambda: client))
    with pytest.raises(SessionStoreUnavailable):
        store.ask(store.label, Labelling("one", ["nobodys"], 60, 60))
    client.close()
