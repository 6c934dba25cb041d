"""Answers that are on their way while something else happens in the same browser."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from flask import Flask, request

from .crew import Browser, _cookies_of, ask

#: Seconds after which a request gives up waiting for what should come meanwhile.
LIMIT = 60


class Late:
    """A request that has begun, and is answered only when it is let go."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.let_go = threading.Event()
        self.cookies: dict[str, str | None] = {}
        self.status = 0

    def wait(self) -> None:
        """Wait in the middle of the request."""
        self.arrived.set()
        assert self.let_go.wait(LIMIT)


def wait_here() -> None:
    """Let the current request wait, if it is a late one."""
    late: Late | None = request.environ.get("races.late")
    if late is not None:
        late.wait()


@contextmanager
def late_answer(app: Flask, path: str, browser: Browser) -> Iterator[Late]:
    """Make a request that is answered at the end of the block."""
    late, sent = Late(), dict(browser.cookies)

    def perform() -> None:
        try:
            response = ask(app, path, sent, {"races.late": late})
            late.cookies = _cookies_of(response)
            late.status = response.status_code
        finally:
            late.arrived.set()

    with ThreadPoolExecutor(1) as executor:
        answering = executor.submit(perform)
        try:
            assert late.arrived.wait(LIMIT)
            yield late
        finally:
            late.let_go.set()
            answering.result(LIMIT)


def slow(work: Callable[[], t.Any]) -> Callable[[], t.Any]:
    """A view that reads the session, waits, and does its work then."""

    def view() -> t.Any:
        from flask import session

        from flask_auth0 import current_user

        known, _ = bool(current_user), session.get("anything")
        wait_here()
        work()
        return {"known": known}

    return view
