"""HTTP for threads that wait for it themselves, within one time limit."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import threading
import time
import typing as t
from collections import Counter
from collections.abc import Iterable, Iterator

import httpcore
import httpx

from ..runtime import loop
from .kept_connections import Trace, socket_options
from .transport import LIMITS

_Headers = list[tuple[bytes, bytes]]

#: What httpcore raises; httpx has errors of the same names.
_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)

#: Seconds for each address of a name but the last.
_PATIENCE = 1.0


class BlockingPool:
    """Connections that threads share."""

    def __init__(self, tls: ssl.SSLContext, timeout: float) -> None:
        self._tls, self._timeout = tls, timeout
        self._lock = threading.Lock()
        self._pool = self._make()
        #: How many threads wait for each of the pools.
        self._users: Counter[httpcore.ConnectionPool] = Counter()

    def post(
        self,
        url: str,
        headers: httpx.Headers,
        body: str,
        until: float,
    ) -> httpx.Response:
        """Send a ``POST`` request and return the whole answer.

        :param until: when it has to be there, in seconds of :func:`time.monotonic`.
        :raises httpx.TransportError: when there is none, or none in time.
        """
        _deadline.at = until
        request = httpx.Request("POST", url)
        # httpcore's own leaves out the brackets of an IPv6 address.
        sent = [*headers.raw, (b"Host", request.url.netloc)]
        trace = Trace()
        try:
            answer = self._send(url, sent, body, trace)
        except _ERRORS as error:
            if not trace.may_repeat("POST"):
                raise _as_httpx(error) from error.with_traceback(None)
            answer = self._send_again(url, sent, body)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            content=answer.content,
            request=request,
        )

    def _send(
        self, url: str, headers: _Headers, body: str, trace: Trace
    ) -> httpcore.Response:
        timeout = {"pool": _left(httpcore.PoolTimeout)}
        with self._using() as pool:
            try:
                return pool.request(
                    "POST",
                    url,
                    headers=headers,
                    content=body.encode(),
                    extensions={"timeout": timeout, "trace": trace.note},
                )
            except _ERRORS:
                if not trace.is_new:
                    self._give_up(pool)
                raise

    def _send_again(self, url: str, headers: _Headers, body: str) -> httpcore.Response:
        try:
            return self._send(url, headers, body, Trace())
        except _ERRORS as error:
            raise _as_httpx(error) from error.with_traceback(None)

    @contextlib.contextmanager
    def _using(self) -> Iterator[httpcore.ConnectionPool]:
        """Close a pool that was given up when nobody waits for it any more."""
        with self._lock:
            pool = self._pool
            self._users[pool] += 1
        try:
            yield pool
        finally:
            with self._lock:
                self._users[pool] -= 1
                is_over = pool is not self._pool and not self._users[pool]
            if is_over:
                pool.close()

    def _give_up(self, pool: httpcore.ConnectionPool) -> None:
        """Use new connections from here on: what cuts one off cuts off all."""
        with self._lock:
            if pool is self._pool:
                self._pool = self._make()

    def _make(self) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=self._tls,
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            network_backend=_Network(),
            socket_options=socket_options(self._timeout),
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Deadline(threading.local):
    """When the request that the current thread waits for has to be over."""

    at = 0.0


_deadline = _Deadline()


class _Network(httpcore.SyncBackend):
    """Connects before the deadline.

    The system knows no limit for looking up a name, and one for each of its addresses.
    """

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[t.Any] | None = None,
    ) -> httpcore.NetworkStream:
        connect = functools.partial(
            super().connect_tcp,
            port=port,
            local_address=local_address,
            socket_options=socket_options,
        )
        *others, last = _addresses(host, port)
        for address in others:
            limit = min(_left(httpcore.ConnectTimeout), _PATIENCE)
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return _Stream(connect(address, timeout=limit))
        return _Stream(connect(last, timeout=_left(httpcore.ConnectTimeout)))


class _Stream(httpcore.NetworkStream):
    """A connection that is waited for until the deadline, however slowly it answers."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> t.Any:
        return self._stream.get_extra_info(info)


def _addresses(host: str, port: int) -> list[str]:
    left = _left(httpcore.ConnectTimeout)
    looking = loop.get_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    try:
        found = loop.run(looking, left)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return [str(address[0]) for *_, address in found]


def _left(error: type[httpcore.TimeoutException]) -> float:
    """Return how many seconds something may take.

    :raises httpcore.TimeoutException: when there are none left.
    """
    left = _deadline.at - time.monotonic()
    if left <= 0:
        raise error("The time is over.")
    return left


def _as_httpx(error: Exception) -> httpx.TransportError:
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
    return kind(str(error))
