"""What the current request has read of its state, so that it reads it once."""

from __future__ import annotations

import typing as t

from .states import State


class Known(t.NamedTuple):
    """What has been read of the state of a session."""

    session_id: str | None = None
    head: State | None = None
    body: State | None = None


class Memo:
    """What the current request knows.

    Several threads may work for one request: what is known changes all at once.
    """

    known = Known()
