"""Sessions that are loaded at their first use, which several threads may share."""

from __future__ import annotations

import copy
import functools
import threading
import typing as t
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from flask import Flask, Request, session

from flask_auth0 import SessionStoreUnavailable
from flask_auth0.sessions.lazy import (
    Found,
    LazySession,
    LoadedFirst,
    WatchedSession,
)
from flask_auth0.sessions.storage_contract import KEY
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import MakeApp

#: Seconds, more than any machine needs for this.
LIMIT = 30
CONTENT = {KEY: "an id", "name": "Ada"}


def used_at_once(
    make: Callable[[Callable[[], None]], LoadedFirst],
) -> list[Future[t.Any]]:
    """What two threads get from a session, which the second needs during its loading.

    :param make: makes a session, which calls its argument when it is loaded.
    """
    is_begun, second_waits = threading.Event(), threading.Event()

    def slow() -> None:
        is_begun.set()
        second_waits.wait(LIMIT)

    session = make(slow)
    with ThreadPoolExecutor(2) as executor:
        first = executor.submit(session.get, "name")
        assert is_begun.wait(LIMIT)
        second = executor.submit(session.get, "name")
        # It would not wait at all if it did not wait for the first.
        assert not wait_briefly(second)
        second_waits.set()
    return [first, second]


def wait_briefly(future: Future[t.Any]) -> bool:
    """Tell whether a result is there soon."""
    is_there = threading.Event()
    future.add_done_callback(lambda done: is_there.set())
    return is_there.wait(0.1)


def test_the_content_is_there_for_all_threads() -> None:
    def make(slow: Callable[[], None]) -> LoadedFirst:
        def read() -> Found:
            slow()
            return Found("sid", CONTENT, is_kept=True)

        return LazySession(read)

    assert [each.result() for each in used_at_once(make)] == ["Ada", "Ada"]


def test_all_threads_that_wait_are_told_of_an_outage() -> None:
    def fail(slow: Callable[[], None]) -> t.Any:
        slow()
        raise SessionStoreUnavailable

    for future in used_at_once(lambda slow: LazySession(lambda: fail(slow))):
        with pytest.raises(SessionStoreUnavailable):
            future.result()


def test_no_thread_sees_a_session_before_its_login_is_checked() -> None:
    def make(slow: Callable[[], None]) -> LoadedFirst:
        session = WatchedSession(CONTENT)

        def check(app: Flask, request: Request, session: t.Any) -> None:
            slow()
            session.clear()

        session.unread = check, Flask(__name__), Request({})
        return session

    assert [each.result() for each in used_at_once(make)] == [None, None]


@pytest.mark.parametrize("kind", ["", "memory"])
def test_a_session_of_a_request_can_be_copied(make_app: MakeApp, kind: str) -> None:
    app = make_app({"SESSION_TYPE": kind} if kind else {})

    @app.get("/copy")
    def copied() -> t.Any:
        session["cart"] = [1]
        made = copy.deepcopy(session._get_current_object())  # type: ignore[attr-defined]
        made["cart"].append(2)
        return [session["cart"], made["cart"]]

    assert logged_in_client(app).get("/copy").json == [[1], [1, 2]]


def test_one_that_could_not_be_read_can_be_copied() -> None:
    def fail(lock: t.Any) -> t.NoReturn:
        raise SessionStoreUnavailable

    lazy = LazySession(functools.partial(fail, threading.Lock()))
    with pytest.raises(SessionStoreUnavailable):
        lazy.get("name")
    assert copy.deepcopy(lazy).is_lost


def test_a_session_can_be_copied() -> None:
    lazy = LazySession(lambda: Found("sid", {"list": [1]}, is_kept=True))
    for each in (lazy, WatchedSession({"list": [1]})):
        copied = copy.deepcopy(each)
        copied["list"].append(2)
        assert (each["list"], copied["list"]) == ([1], [1, 2])
