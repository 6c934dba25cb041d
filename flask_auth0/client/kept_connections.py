"""Kept-alive connections, which may be dead without a sign of it.

A laptop that slept, or a router that forgot, leaves connections on which nothing comes
back. The trace that httpcore documents shows how far a request on one has come.
"""

from __future__ import annotations

import asyncio
import socket
import typing as t
import weakref
from collections.abc import Callable

import httpx
from msgspec import Struct, field

from .per_domain import PerDomain

SocketOption = tuple[int, int, int]

#: Seconds until an idle connection is probed, seconds between two probes, and the
#: number of unanswered ones after which the system closes it (tcp(7)).
_PROBES = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 3}


def socket_options(timeout: float) -> list[SocketOption]:
    """Return the options with which the system finds out that a connection is dead.

    :param timeout: seconds that a request may wait for data on it.
    """
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    values = {**_PROBES, "TCP_USER_TIMEOUT": int(timeout * 1000)}
    for name, value in values.items():
        # Some systems lack some of these options.
        option = getattr(socket, name, None)
        if option is not None:
            options.append((socket.IPPROTO_TCP, option, value))
    return options


#: httpcore's names of the events that decide whether a request may be repeated.
_NEW = "connection.connect_tcp.started"
_SENT = "http11.send_request_body.complete"
_ANSWERED = "http11.receive_response_headers.complete"


#: The tasks that close connections. The event loop refers to its tasks only weakly, and
#: one that was collected would leave its connections open.
_closing: set[asyncio.Task[None]] = set()


class Trace(Struct, eq=False):
    """How far one attempt to send a request has come, as httpcore's trace tells."""

    #: The names of the events so far.
    events: set[str] = field(default_factory=set)

    @property
    def is_new(self) -> bool:
        """Whether a connection was made for the request."""
        return _NEW in self.events

    async def note(self, event: str, info: object) -> None:
        """Note an event of httpcore, on the event loop."""
        self.events.add(event)

    def may_repeat(self, method: str) -> bool:
        """Tell whether the request may be sent again, on a new connection.

        A refresh token or a code that was sent may have been spent.
        """
        if self.is_new or _ANSWERED in self.events:
            return False
        return method == "GET" or _SENT not in self.events


class KeptTransport(httpx.AsyncBaseTransport):
    """Sends requests on kept-alive connections.

    After a failure on one of them, the others are not used any more: a network that has
    dropped one has dropped all.

    :param make: makes the transport below, with connections of its own.
    :param linger: seconds that requests may still need connections that are given up.
    """

    def __init__(
        self, make: Callable[[], httpx.AsyncBaseTransport], linger: float
    ) -> None:
        self._make, self._linger = make, linger
        self._current = make()
        self._old: set[httpx.AsyncBaseTransport] = set()
        #: The transports that have had an answer, and may have kept a connection.
        self._used: weakref.WeakSet[httpx.AsyncBaseTransport] = weakref.WeakSet()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and once more if it was sent on a dead connection."""
        trace, timeout = Trace(), dict(request.extensions.get("timeout", {}))
        # A GET may be repeated, so its first attempt on a kept connection is a short
        # one.
        is_hurried = request.method == "GET" and self._current in self._used
        try:
            first = _hurried(timeout) if is_hurried else timeout
            return await self._send(request, trace, first)
        except httpx.TransportError as error:
            is_late = is_hurried and isinstance(error, httpx.ReadTimeout)
            if not is_late and not trace.may_repeat(request.method):
                raise
        return await self._send(request, Trace(), timeout)

    async def _send(
        self, request: httpx.Request, trace: Trace, timeout: dict[str, t.Any]
    ) -> httpx.Response:
        extensions = {"trace": trace.note, "timeout": timeout}
        request.extensions = {**request.extensions, **extensions}
        transport = self._current
        try:
            response = await transport.handle_async_request(request)
        except (httpx.TransportError, asyncio.CancelledError):
            if not trace.is_new:
                self._give_up(transport)
            raise
        self._used.add(transport)
        return response

    def _give_up(self, transport: httpx.AsyncBaseTransport) -> None:
        if transport is not self._current:
            return
        self._current = self._make()
        self._close_soon(transport)

    def _close_soon(self, transport: httpx.AsyncBaseTransport) -> None:
        self._old.add(transport)
        loop = asyncio.get_running_loop()
        loop.call_later(self._linger, self._begin_to_close, transport)

    def _begin_to_close(self, transport: httpx.AsyncBaseTransport) -> None:
        task = asyncio.get_running_loop().create_task(self._close(transport))
        _closing.add(task)
        task.add_done_callback(_closing.discard)

    async def _close(self, transport: httpx.AsyncBaseTransport) -> None:
        self._old.discard(transport)
        await transport.aclose()

    def close_soon(self) -> None:
        """Close all connections when no request needs them any more."""
        self._close_soon(self._current)

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in (self._current, *self._old):
            await transport.aclose()


class HostTransports(httpx.AsyncBaseTransport):
    """Sends the requests to each host on connections of its own.

    A tenant that does not answer takes no connections from another one, and a failure
    on one of its connections says nothing of the others'.

    :param make: makes the transport for one host.
    """

    def __init__(self, make: Callable[[], KeptTransport]) -> None:
        self._each = PerDomain(make, KeptTransport.close_soon)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        transport = self._each.of(request.url.netloc.decode("ascii"))
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._each.all():
            await transport.aclose()


def _hurried(timeout: dict[str, t.Any]) -> dict[str, t.Any]:
    """Leave time for a second attempt."""
    read = timeout.get("read")
    return {**timeout, "read": read / 3} if read else timeout
