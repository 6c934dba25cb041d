"""Puts servers under load from processes of its own, with connections kept alive."""

from __future__ import annotations

import multiprocessing
import socket
import time
import typing as t
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.pool import Pool

#: Enough to keep the workers busy, and few enough to leave them processors.
_PROCESSES, _THREADS = 2, 4
#: Seconds to wait for an answer.
_PATIENCE = 10


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
    address, request, answered = ("127.0.0.1", target.port), _request(target), 0
    with socket.create_connection(address, _PATIENCE) as connection:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            connection.sendall(request)
            _wait_for(target, connection)
            answered += 1
    return answered


def _request(target: Target) -> bytes:
    """Return a request as it is sent.

    What the load takes of the machine, the servers do not get. An HTTP client takes a
    third of what they do, and this hardly anything.
    """
    cookies = f"Cookie: {target.cookies}\r\n" if target.cookies else ""
    head = f"GET {target.path} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n"
    return f"{head}{cookies}\r\n".encode()


def _wait_for(target: Target, connection: socket.socket) -> None:
    """Wait for the whole answer, which is the expected one.

    :raises RuntimeError: when it is another one.
    """
    answer, end = b"", f"\r\n\r\n{target.expected}".encode()
    while not answer.endswith(end):
        try:
            more = connection.recv(65536)
        except TimeoutError:
            more = b""
        if not more:
            raise RuntimeError(f"{target.path} says {answer!r}.")
        answer += more
