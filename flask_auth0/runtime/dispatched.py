"""Whether the current request is one whose response takes cookies to a browser."""

from __future__ import annotations

import typing as t

from .contexts import this_request
from .per_request import per_request


class Dispatched:
    """Is made for a request that Flask dispatches, and so answers.

    Others have a request context alone: an event of Socket.IO, a test's.
    """


def note_dispatch(app: t.Any, **more: t.Any) -> None:
    """Note that Flask has begun to answer the current request."""
    per_request(Dispatched)


def is_websocket() -> bool:
    """Tell whether the current request becomes a WebSocket, and gets no response."""
    return this_request().headers.get("Upgrade", "").strip().lower() == "websocket"
