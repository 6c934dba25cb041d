"""HTTP for threads that call the tenant without the event loop."""

from __future__ import annotations

import contextlib
import functools
import ssl
import time
import typing as t
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import httpx

from .cookieless import CookielessClient
from .kept_connections import Trace, socket_options
from .transport import LIMITS, has_proxy, telemetry_headers

#: When the answer that this thread waits for has to be there, in seconds of
#: :func:`time.monotonic`.
_until: ContextVar[float | None] = ContextVar("until", default=None)


class _SocketInTime(ssl.SSLSocket):
    """A connection on which nothing lasts longer than its request may.

    httpx limits the wait for each piece alone, and an answer may come in many.
    """

    def settimeout(self, value: float | None) -> None:
        """Limit the next operation, which httpcore does before each one.

        :raises TimeoutError: when no time is left.
        """
        until = _until.get()
        if until is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("The answer did not end in time.")
            value = left if value is None else min(value, left)
        super().settimeout(value)


class ThreadHttp:
    """HTTP for threads that call the tenant without the event loop.

    Threads share its connections. After a failure on a kept one, the others are not
    used any more, as :class:`~.kept_connections.KeptTransport` explains.
    """

    def __init__(self, timeout: float, tls: ssl.SSLContext) -> None:
        # asyncio, which shares the context, makes no sockets with it.
        tls.sslsocket_class = _SocketInTime
        self._make = functools.partial(_ThreadConnections, timeout, tls)
        self._kept = self._make()

    def post(
        self, url: httpx.URL | str, headers: httpx.Headers, body: str, until: float
    ) -> httpx.Response:
        """Send a ``POST`` request and return the whole answer.

        :param until: the deadline of the answer, in seconds of :func:`time.monotonic`.
        :raises httpx.TransportError: when no answer has come by then.
        """
        return self._send("POST", url, headers, body, until)

    def get(
        self, url: httpx.URL | str, headers: httpx.Headers, until: float
    ) -> httpx.Response:
        """Send a ``GET`` request and return the whole answer, as :meth:`post` does."""
        return self._send("GET", url, headers, None, until)

    def _send(
        self,
        method: str,
        url: httpx.URL | str,
        headers: httpx.Headers,
        body: str | None,
        until: float,
    ) -> httpx.Response:
        with _everything_by(until):
            kept, trace = self._kept, Trace()
            try:
                return kept.send(method, url, headers, body, until, trace)
            except httpx.TransportError:
                if not trace.is_new:
                    self._give_up(kept)
                if not trace.may_repeat(method):
                    raise
            return self._kept.send(method, url, headers, body, until, Trace())

    def _give_up(self, kept: _ThreadConnections) -> None:
        if kept is self._kept:
            self._kept = self._make()


class _ThreadConnections:
    """Connections that are closed when the last request on them is over."""

    def __init__(self, timeout: float, tls: ssl.SSLContext) -> None:
        # The first address of a server may not be reachable; a later one may be.
        self._connect_timeout = timeout / 4
        self._client = CookielessClient(
            headers=telemetry_headers(),
            limits=LIMITS,
            verify=tls,
            transport=None if has_proxy() else _transport(timeout, tls),
        )
        weakref.finalize(self, self._client.close).atexit = False

    def send(
        self,
        method: str,
        url: httpx.URL | str,
        headers: httpx.Headers,
        body: str | None,
        until: float,
        trace: Trace,
    ) -> httpx.Response:
        left = until - time.monotonic()
        if left <= 0:
            raise httpx.PoolTimeout("No time is left.")
        request = self._client.build_request(
            method,
            url,
            headers=headers,
            content=body,
            timeout=httpx.Timeout(left, connect=min(left, self._connect_timeout)),
            extensions={"trace": _noted_in(trace)},
        )
        with contextlib.closing(self._client.send(request, stream=True)) as response:
            content = b"".join(_in_time(response, until))
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            content=content,
            request=response.request,
        )


def _noted_in(trace: Trace) -> Callable[[str, t.Any], None]:
    """Return a hook for httpcore that notes what it does in this thread."""

    def note(event: str, info: t.Any) -> None:
        trace.events.add(event)

    return note


def _in_time(response: httpx.Response, until: float) -> Iterator[bytes]:
    # Below TLS to a proxy, the sockets are none of ours.
    for chunk in response.iter_raw():
        yield chunk
        if time.monotonic() > until:
            raise httpx.ReadTimeout("The answer did not end in time.")


@contextlib.contextmanager
def _everything_by(until: float) -> Iterator[None]:
    """Let all that happens inside, on any connection, end in time."""
    token = _until.set(until)
    try:
        yield
    finally:
        _until.reset(token)


def _transport(timeout: float, tls: ssl.SSLContext) -> httpx.HTTPTransport:
    return httpx.HTTPTransport(
        verify=tls, limits=LIMITS, socket_options=socket_options(timeout)
    )
