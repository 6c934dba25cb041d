"""HTTP for threads that wait: within its time limit, whatever the other side does."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl
import sys
import threading
import time
import typing as t
import warnings
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpcore
import httpx
import pytest

from flask_auth0.client.blocking import _PATIENCE, BlockingPool, _as_httpx
from flask_auth0.runtime import loop

#: Seconds that are allowed here, and seconds by which a machine may be late that stands
#: still for some.
LIMIT, LATE = 0.5, 15

Serve = Callable[[Callable[[socket.socket], object]], str]


@pytest.fixture
def pool() -> Iterator[BlockingPool]:
    """The connections."""
    pool = BlockingPool(ssl.create_default_context(), 10)
    yield pool
    pool.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve whoever connects with a function, at the URL that is returned."""
    servers: list[socket.socket] = []

    def start(answer: Callable[[socket.socket], object]) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        answer(connection)

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/token"

    yield start
    for server in servers:
        server.close()


def post(pool: BlockingPool, url: str, limit: float = LIMIT) -> httpx.Response:
    headers = httpx.Headers({"Authorization": "Basic c2VjcmV0"})
    return pool.post(url, headers, "a=b", time.monotonic() + limit)


def drip(connection: socket.socket, text: bytes) -> None:
    """Send a byte now and a byte then, until the other side has had enough."""
    with contextlib.suppress(OSError):
        for byte in itertools.islice(itertools.cycle(text), 600):
            connection.sendall(bytes([byte]))
            time.sleep(LIMIT / 10)


def test_an_answer(pool: BlockingPool, serve: Serve) -> None:
    url = serve(lambda c: c.sendall(b"HTTP/1.1 418 No\r\nContent-Length: 2\r\n\r\n{}"))
    answer = post(pool, url, limit=30)
    assert (answer.status_code, answer.json()) == (418, {})
    with pytest.raises(httpx.HTTPStatusError):
        answer.raise_for_status()


def in_its_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    drip(connection, b"x")


def in_its_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    drip(connection, b"X-Header: 1\r\n")


@pytest.mark.parametrize("answer", [in_its_headers, in_its_body])
def test_an_answer_that_drips_in_does_not_hold_up_for_long(
    pool: BlockingPool, serve: Serve, answer: Callable[[socket.socket], None]
) -> None:
    began = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        post(pool, serve(answer))
    assert LIMIT <= time.monotonic() - began < LIMIT + LATE


def test_a_name_that_cannot_be_looked_up_in_time(
    pool: BlockingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*args: t.Any, **kwargs: t.Any) -> t.Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(loop.get_loop(), "getaddrinfo", never)
    began = time.monotonic()
    with pytest.raises(httpx.ConnectTimeout):
        post(pool, "http://tenant.example.com/token")
    assert time.monotonic() - began < LIMIT + LATE


def test_a_name_that_does_not_exist(
    pool: BlockingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(*args: t.Any, **kwargs: t.Any) -> t.Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(loop.get_loop(), "getaddrinfo", unknown)
    with pytest.raises(httpx.ConnectError, match="not known"):
        post(pool, "http://tenant.example.com/token")


@pytest.mark.parametrize("addresses", [["127.0.0.2", "127.0.0.1"], ["127.0.0.1"]])
def test_the_next_address_is_tried(
    pool: BlockingPool,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    addresses: list[str],
) -> None:
    url = serve(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))

    async def several(host: str, port: int, **kwargs: t.Any) -> t.Any:
        return [(2, 1, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(loop.get_loop(), "getaddrinfo", several)
    url = url.replace("127.0.0.1", "tenant.example.com")
    assert post(pool, url, limit=30).status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue drops, on Linux")
def test_an_address_that_swallows_everything(
    pool: BlockingPool, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    port = urlsplit(url).port

    async def both(host: str, port: int, **kwargs: t.Any) -> t.Any:
        return [(2, 1, 6, "", (f"127.0.0.{n}", port)) for n in (3, 1)]

    monkeypatch.setattr(loop.get_loop(), "getaddrinfo", both)
    with contextlib.ExitStack() as stack:
        hole = stack.enter_context(socket.socket())
        hole.bind(("127.0.0.3", port))
        hole.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.3", port))
        began = time.monotonic()
        url = url.replace("127.0.0.1", "tenant.example.com")
        assert post(pool, url, limit=30).status_code == 200
    assert _PATIENCE <= time.monotonic() - began < _PATIENCE + LATE


def test_no_time_is_left(pool: BlockingPool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(httpx.TimeoutException):
            post(pool, "http://127.0.0.1:9/token", limit=-1)


def test_nobody_listens(pool: BlockingPool) -> None:
    with pytest.raises(httpx.ConnectError):
        post(pool, "http://127.0.0.1:9/token", limit=30)


def test_a_certificate_that_is_not_trusted(pool: BlockingPool, serve: Serve) -> None:
    url = serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n"))
    with pytest.raises(httpx.ConnectError, match="SSL"):
        post(pool, url.replace("http://", "https://"), limit=30)


ERRORS = [
    error
    for error in (getattr(httpcore, name) for name in httpcore.__all__)
    if isinstance(error, type)
    and issubclass(error, Exception)
    and error is not httpcore.ConnectionNotAvailable
]


@pytest.mark.parametrize("error", ERRORS)
def test_httpx_has_an_error_of_the_same_name(error: type[Exception]) -> None:
    assert len(ERRORS) > 10
    assert isinstance(_as_httpx(error("why")), httpx.TransportError)
    assert str(_as_httpx(error("why"))) == "why"
