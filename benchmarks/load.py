"""Puts servers under load from processes of its own, with connections kept alive."""

from __future__ import annotations

import http.client
import multiprocessing
import time
import typing as t
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.pool import Pool

#: Enough to keep the workers busy, and few enough to leave them processors.
_PROCESSES, _THREADS = 2, 4


class Target(t.NamedTuple):
    """A page, and who asks for it."""

    port: int
    path: str
    cookies: str
    expected: str


class Load:
    """Sends requests, as fast as they are answered."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def burst(self, target: Target, seconds: float) -> int:
        """Return how many requests were answered in so many seconds."""
        work = [(target, seconds)] * _PROCESSES
        return sum(self._pool.starmap(_burst, work))


@contextmanager
def running_load() -> Iterator[Load]:
    """Start the processes."""
    with multiprocessing.get_context("spawn").Pool(_PROCESSES) as pool:
        yield Load(pool)


def _burst(target: Target, seconds: float) -> int:
    with ThreadPoolExecutor(_THREADS) as threads:
        work = [threads.submit(_requests, target, seconds) for _ in range(_THREADS)]
        return sum(each.result() for each in work)


def _requests(target: Target, seconds: float) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", target.port)
    headers = {"Cookie": target.cookies} if target.cookies else {}
    answered, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        connection.request("GET", target.path, headers=headers)
        found = connection.getresponse().read().decode()
        if found != target.expected:
            raise RuntimeError(f"{target.path} says {found!r}.")
        answered += 1
    connection.close()
    return answered
