"""Makes requests at the same time, on threads or in several processes."""

from __future__ import annotations

import functools
import multiprocessing
import random
import sys
import threading
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from http.cookies import SimpleCookie

from flask import Flask
from werkzeug.test import TestResponse

from .app import FETCH, Part, Settings, Visit, make_app
from .stage import Stage

#: How many requests are made at the same time.
SIZE = 9
PROCESSES = 4
#: A fork of this process would copy its threads' locks, so others are started from a
#: process that has no threads, and has imported what they need.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, "tests.harness.app"])


class Outcome(t.NamedTuple):
    """The outcome of a request."""

    part: Part
    status: int
    #: The cookies that it set; those without a value were deleted.
    cookies: Mapping[str, str | None]


class Crew(t.Protocol):
    """Those who make the requests of a round."""

    def perform(self, parts: Sequence[Part]) -> list[Outcome]:
        """Make :data:`SIZE` requests at the same time."""


class Threads:
    """Makes each request on a thread of its own, with one app."""

    def __init__(self, app: Flask, stage: Stage, executor: ThreadPoolExecutor) -> None:
        self._app = app
        self._stage = stage
        self._executor = executor

    def perform(self, parts: Sequence[Part]) -> list[Outcome]:
        self._stage.clear()
        return self.perform_some(parts)

    def perform_some(self, parts: Sequence[Part]) -> list[Outcome]:
        """Make some of the requests, whose others are made in other processes."""
        return list(self._executor.map(self._perform_one, parts))

    def _perform_one(self, part: Part) -> Outcome:
        visit = Visit(part, self._stage)
        try:
            environ = {"races.visit": visit}
            response = ask(self._app, part.path, part.cookies, environ)
        finally:
            if part.leads:
                self._stage.answer()
            # After an error, the others must not wait for it until they give up.
            visit.reach(part.point)
        return Outcome(part, response.status_code, _cookies_of(response))


class Processes:
    """Makes the requests in several processes, each with its own app."""

    def __init__(
        self, settings: Settings, stage: Stage, executor: ProcessPoolExecutor
    ) -> None:
        self._settings = tuple(settings.items())
        self._stage = stage
        self._executor = executor

    def perform(self, parts: Sequence[Part]) -> list[Outcome]:
        self._stage.clear()
        shares = [parts[start::PROCESSES] for start in range(PROCESSES)]
        perform = functools.partial(_perform_share, self._settings)
        found = self._executor.map(perform, shares)
        return [outcome for outcomes in found for outcome in outcomes]


@contextmanager
def threads(settings: Settings) -> Iterator[Crew]:
    """Make requests on threads, which take turns more often than usual."""
    stage = Stage(threading.Barrier(SIZE), threading.Event())
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        with ThreadPoolExecutor(SIZE) as executor:
            yield Threads(make_app(settings), stage, executor)
    finally:
        sys.setswitchinterval(interval)


@contextmanager
def processes() -> Iterator[t.Callable[[Settings], Crew]]:
    """Let crews make requests in processes that share nothing but the back end."""
    barrier, answered = CONTEXT.Barrier(SIZE), CONTEXT.Event()
    stage = Stage(barrier, answered)
    with ProcessPoolExecutor(
        PROCESSES, CONTEXT, _join, (barrier, answered)
    ) as executor:
        yield lambda settings: Processes(settings, stage, executor)


_stage: Stage


def _join(barrier: t.Any, answered: t.Any) -> None:
    global _stage
    _stage = Stage(barrier, answered)


@functools.cache
def _share_of(settings: tuple[tuple[str, t.Any], ...]) -> Threads:
    """Those of this process who make requests to an app with these settings."""
    return Threads(make_app(dict(settings)), _stage, ThreadPoolExecutor(SIZE))


def _perform_share(
    settings: tuple[tuple[str, t.Any], ...], parts: Sequence[Part]
) -> list[Outcome]:
    return _share_of(settings).perform_some(parts)


def ask(
    app: Flask,
    path: str,
    cookies: Mapping[str, str],
    environ: Mapping[str, t.Any] | None = None,
) -> TestResponse:
    """Make a request with exactly these cookies."""
    client = app.test_client(use_cookies=False)
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = {**FETCH, "Cookie": header}
    return client.get(path, headers=headers, environ_overrides=dict(environ or {}))


def _cookies_of(response: TestResponse) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for header in response.headers.getlist("Set-Cookie"):
        for name, morsel in SimpleCookie(header).items():
            found[name] = None if morsel["max-age"] == "0" else morsel.value
    return found


class Browser:
    """Somebody's cookies at an app."""

    def __init__(self, app: Flask, cookies: Mapping[str, str] | None = None) -> None:
        self.app = app
        self.cookies = dict(cookies or {})

    def get(self, path: str) -> TestResponse:
        """Go to a page."""
        response = ask(self.app, path, self.cookies)
        self.take(_cookies_of(response))
        return response

    def take(self, cookies: Mapping[str, str | None]) -> Browser:
        """Take the cookies of a response."""
        for name, value in cookies.items():
            self.cookies.pop(name, None)
            if value is not None:
                self.cookies[name] = value
        return self

    def copy(self) -> Browser:
        """A browser with the same cookies."""
        return Browser(self.app, self.cookies)

    def logged_in(self, sub: str = "ada") -> Browser:
        """Log in here, and return the browser."""
        assert self.get(f"/begin/{sub}").status_code == 200
        return self

    def profile(self) -> t.Any:
        """The content of a protected page, or ``None`` if it asks for a login."""
        response = self.get("/profile")
        assert response.status_code in {200, 401}, response.text
        return response.get_json() if response.status_code == 200 else None

    def tokens(self) -> t.Any:
        """The tokens of the session."""
        return self.get("/tokens").get_json()


def shuffled(dice: random.Random, parts: Sequence[Part]) -> list[Part]:
    """Put the parts in any order, and so into any process."""
    return dice.sample(parts, len(parts))
