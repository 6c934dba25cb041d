"""What a request needs beside its session is read with it, and no older for that."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest
from flask import Flask, copy_current_request_context, request

from flask_auth0.runtime.outage import Outage
from flask_auth0.runtime.request import current_request
from flask_auth0.sessions.labels import RECORD_LENGTH
from flask_auth0.sessions.server.prefetch import (
    REMEMBERED,
    SECRET,
    Prefetch,
    record_key,
)
from flask_auth0.sessions.stores.base import BackEnd

#: The record of a state, and the id of a session that begins with it.
RECORD, SID = "r" * RECORD_LENGTH, "r" * RECORD_LENGTH + "s" * SECRET
HEAD, OTHER = record_key(RECORD, "head"), record_key(RECORD, "other")
KEPT = {"session": b"s", SID: b"s", HEAD: b"h", OTHER: b"o"}


class Store:
    """Keeps some values, and notes what it is asked for."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = dict(KEPT)
        self.asked: list[tuple[str, ...]] = []

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        self.asked.append(keys)
        return {key: self.kept.get(key) for key in keys}

    def fetch(self, key: str) -> bytes | None:
        return self.fetch_together(key)[key]

    def ask(self, work: t.Callable[..., t.Any], *args: str) -> t.Any:
        return work(*args)

    def ask_in(self, outage: Outage, work: t.Callable[[], t.Any]) -> t.Any:
        return work()


class Alone(Store):
    """One that answers for one key at a time."""

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        return super().fetch_together(keys[0])


class Visits:
    """Requests that read their session, and then something else."""

    def __init__(self, store: Store) -> None:
        self.app = Flask(__name__)
        self.prefetch = Prefetch(t.cast(BackEnd, store))

    def read(self, session: str, *others: str) -> list[bytes | None]:
        with self.app.test_request_context():
            return [self.session(session), *map(self.other, others)]

    def session(self, key: str) -> bytes | None:
        return self.prefetch.read_session(current_request(), key)

    def other(self, key: str) -> bytes | None:
        return self.prefetch.read_record(RECORD, key)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def visits(store: Store) -> Visits:
    return Visits(store)


def test_the_second_request_asks_once(visits: Visits, store: Store) -> None:
    assert visits.read("session", "head") == [b"s", b"h"]
    assert visits.read("session", "head") == [b"s", b"h"]
    assert store.asked == [("session",), (HEAD,), ("session", HEAD)]


def test_what_an_id_tells_is_asked_for_at_once(store: Store) -> None:
    visits = Visits(store)
    visits.prefetch = Prefetch(t.cast(BackEnd, store), len(SID))
    assert visits.read(SID, "head") == [b"s", b"h"]
    assert store.asked == [(SID, HEAD)]
    # It tells nothing once the app has given the session a new one.
    assert visits.read(SID, "other") == [b"s", b"o"]
    assert visits.read(SID, "other") == [b"s", b"o"]
    assert store.asked[1:] == [(SID, HEAD), (OTHER,), (SID, OTHER)]


def test_what_is_asked_for_again_is_read_again(visits: Visits, store: Store) -> None:
    visits.read("session", "head")
    with visits.app.test_request_context():
        visits.session("session")
        assert visits.other("head") == b"h"
        del store.kept[HEAD]
        assert visits.other("head") is None


def test_what_has_gone_stays_gone(visits: Visits, store: Store) -> None:
    visits.read("session", "head")
    del store.kept[HEAD]
    assert visits.read("session", "head") == [b"s", None]


def test_what_was_read_long_ago_is_read_again(
    visits: Visits, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits.read("session", "head")
    with visits.app.test_request_context():
        visits.session("session")
        del store.kept[HEAD]
        later = time.monotonic() + 2
        monkeypatch.setattr(time, "monotonic", lambda: later)
        assert visits.other("head") is None


def test_a_wrong_guess_costs_nothing(visits: Visits, store: Store) -> None:
    visits.read("session", "other")
    store.asked.clear()
    assert visits.read("session", "head") == [b"s", b"h"]
    assert store.asked == [("session", OTHER), (HEAD,)]
    assert visits.read("session", "head") == [b"s", b"h"]
    assert store.asked[2:] == [("session", HEAD)]


def test_only_what_comes_first_is_expected(visits: Visits, store: Store) -> None:
    for _ in range(2):
        assert visits.read("session", "head", "other") == [b"s", b"h", b"o"]
    assert store.asked[3:] == [("session", HEAD), (OTHER,)]


def test_no_request_sees_what_another_one_read(visits: Visits, store: Store) -> None:
    visits.read("session", "head")
    with visits.app.test_request_context():
        outer = request
        visits.session("session")
        del store.kept[HEAD]
        assert visits.read("session", "head") == [b"s", None]
        assert request == outer


def test_where_one_question_is_not_enough_each_is_asked(store: Store) -> None:
    visits = Visits(alone := Alone())
    for _ in range(2):
        assert visits.read("session", "head") == [b"s", b"h"]
    assert alone.asked == [("session",), (HEAD,)] * 2


def test_without_a_request_it_just_reads(visits: Visits) -> None:
    assert [visits.session("session"), visits.other("head")] == [b"s", b"h"]


def test_it_does_not_remember_without_end(visits: Visits) -> None:
    for number in range(3 * REMEMBERED):
        visits.read(f"session{number}", "head")
    needs: t.Any = visits.prefetch
    assert 0 < len(needs._needs) <= REMEMBERED


def test_two_threads_of_one_request_see_the_same(
    visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits.read("session", "head")
    seen: list[bytes | None] = []
    held, go_on = threading.Event(), threading.Event()
    monotonic = time.monotonic

    def hold() -> float:
        if threading.current_thread() is slow:
            held.set()
            go_on.wait(5)
        return monotonic()

    with visits.app.test_request_context():
        visits.session("session")

        @copy_current_request_context
        def look() -> None:
            seen.append(visits.other("head"))

        slow = threading.Thread(target=look)
        monkeypatch.setattr(time, "monotonic", hold)
        slow.start()
        assert held.wait(5)
        seen.append(visits.other("head"))
        go_on.set()
        slow.join()
    assert seen == [b"h", b"h"]
