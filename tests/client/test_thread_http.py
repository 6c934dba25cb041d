"""HTTP for threads that wait for the tenant: within a limit, whatever comes back."""

from __future__ import annotations

import contextlib
import functools
import itertools
import socket
import ssl
import sys
import threading
import time
import typing as t
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
import trustme

from flask_auth0.client.thread_http import ThreadHttp

#: Seconds that are allowed here, and seconds by which a machine may be late that stands
#: still for some.
LIMIT, LATE = 0.5, 15
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

Serve = Callable[[Callable[[socket.socket], object]], str]


@pytest.fixture
def authority() -> trustme.CA:
    """Who signs the certificates of servers."""
    return trustme.CA()


@pytest.fixture
def http(authority: trustme.CA) -> ThreadHttp:
    """The client."""
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    return ThreadHttp(10, tls)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve whoever connects with a function, at the URL that is returned."""
    with contextlib.ExitStack() as stack:
        yield lambda answer: f"http://127.0.0.1:{listen(stack, answer)}/token"


@pytest.fixture
def serve_over_tls(authority: trustme.CA) -> Iterator[Serve]:
    """Serve whoever connects over TLS, as a tenant does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    with contextlib.ExitStack() as stack:

        def start(answer: Callable[[socket.socket], object]) -> str:
            wrap = functools.partial(context.wrap_socket, server_side=True)
            return f"https://127.0.0.1:{listen(stack, answer, wrap)}/token"

        yield start


def listen(
    stack: contextlib.ExitStack,
    answer: Callable[[socket.socket], object],
    wrap: Callable[[socket.socket], socket.socket] = lambda connection: connection,
) -> int:
    """Serve whoever connects until the stack is left; return the port."""
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with wrap(connection) as wrapped:
                    wrapped.recv(65536)
                    answer(wrapped)

    threading.Thread(target=accept, daemon=True).start()
    port: int = server.getsockname()[1]
    return port


def post(http: ThreadHttp, url: str, limit: float = LIMIT) -> httpx.Response:
    headers = httpx.Headers({"Authorization": "Basic c2VjcmV0"})
    return http.post(url, headers, "a=b", time.monotonic() + limit)


def test_an_answer(http: ThreadHttp, serve: Serve) -> None:
    url = serve(lambda c: c.sendall(b"HTTP/1.1 418 No\r\nContent-Length: 2\r\n\r\n{}"))
    answer = post(http, url, limit=30)
    assert (answer.status_code, answer.json()) == (418, {})
    with pytest.raises(httpx.HTTPStatusError):
        answer.raise_for_status()


HEADER = b"HTTP/1.1 200 OK\r\n"
CONTENT = HEADER + b"Content-Length: 9999\r\n\r\n"


@pytest.mark.parametrize("beginning", [b"", HEADER, CONTENT], ids=str)
def test_an_answer_that_drips_in_does_not_hold_up_for_long(
    http: ThreadHttp, serve_over_tls: Serve, beginning: bytes
) -> None:
    is_over = threading.Event()

    def drip(connection: socket.socket) -> None:
        """Send a byte now and a byte then, until the other side has had enough."""
        connection.sendall(beginning)
        rest = itertools.chain(HEADER, itertools.cycle(b"x"))
        for byte in itertools.islice(rest, 600):
            connection.sendall(bytes([byte]))
            if is_over.wait(LIMIT / 10):
                return

    began = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        post(http, serve_over_tls(drip))
    took = time.monotonic() - began
    is_over.set()
    assert LIMIT <= took < LIMIT + LATE


def test_connections_over_tls_are_kept(http: ThreadHttp, serve_over_tls: Serve) -> None:
    connections = []

    def answer(connection: socket.socket) -> None:
        connections.append(connection)
        # The content comes after its header, in a record of its own.
        while content := connection.recv(65536):
            if content.endswith(b"a=b"):
                connection.sendall(EMPTY)

    url = serve_over_tls(answer)
    for _ in range(3):
        assert post(http, url, limit=30).status_code == 200
    assert len(connections) == 1


def test_cookies_are_not_kept(http: ThreadHttp, serve_over_tls: Serve) -> None:
    """The connections serve all users, and one user's cookies are not for the next."""
    received = []

    def answer(connection: socket.socket) -> None:
        while content := connection.recv(65536):
            received.append(content)
            if content.endswith(b"a=b"):
                header = EMPTY[: -len(b"\r\n")]
                connection.sendall(header + b"Set-Cookie: who=ada\r\n\r\n")

    url = serve_over_tls(answer)
    for _ in range(3):
        assert post(http, url, limit=30).headers["Set-Cookie"] == "who=ada"
    assert b"who=ada" not in b"".join(received)


def resolving_to(addresses: list[str]) -> Callable[..., t.Any]:
    """Stand in for the system's look-up of names."""

    def look_up(host: str, port: int, *args: t.Any, **kwargs: t.Any) -> t.Any:
        return [(2, 1, 6, "", (address, port)) for address in addresses]

    return look_up


def test_a_name_that_does_not_exist(
    http: ThreadHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: t.Any, **kwargs: t.Any) -> t.Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(httpx.ConnectError, match="not known"):
        post(http, "http://tenant.example.com/token")


@pytest.mark.parametrize("addresses", [["127.0.0.2", "127.0.0.1"], ["127.0.0.1"]])
def test_the_next_address_is_tried(
    http: ThreadHttp,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    addresses: list[str],
) -> None:
    url = serve(lambda connection: connection.sendall(EMPTY))
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(addresses))
    url = url.replace("127.0.0.1", "tenant.example.com")
    assert post(http, url, limit=30).status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue drops, on Linux")
def test_an_address_that_swallows_everything(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = ThreadHttp(4 * LIMIT, ssl.create_default_context())
    url = serve(lambda connection: connection.sendall(EMPTY))
    port = urlsplit(url).port
    addresses = ["127.0.0.3", "127.0.0.1"]
    with contextlib.ExitStack() as stack:
        hole = stack.enter_context(socket.socket())
        hole.bind(("127.0.0.3", port))
        hole.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.3", port))
        monkeypatch.setattr(socket, "getaddrinfo", resolving_to(addresses))
        began = time.monotonic()
        url = url.replace("127.0.0.1", "tenant.example.com")
        assert post(http, url, limit=30).status_code == 200
    assert LIMIT <= time.monotonic() - began < LIMIT + LATE


def test_no_time_is_left(http: ThreadHttp) -> None:
    with pytest.raises(httpx.TimeoutException):
        post(http, "http://127.0.0.1:9/token", limit=-1)


def test_nobody_listens(http: ThreadHttp) -> None:
    with pytest.raises(httpx.ConnectError):
        post(http, "http://127.0.0.1:9/token", limit=30)


def test_a_certificate_that_is_not_trusted(http: ThreadHttp, serve: Serve) -> None:
    url = serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n"))
    with pytest.raises(httpx.ConnectError, match="SSL"):
        post(http, url.replace("http://", "https://"), limit=30)
