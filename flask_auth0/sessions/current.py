"""What the current request has read of its state, so that it reads it once."""

from __future__ import annotations

import typing as t

from .codec import State


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
    #: The session in cookies that it has found, and that was good then.
    found: str | None = None
    #: Whether Flask's session belonged to a login that is over.
    was_over = False
    #: Whether it has ended that one itself.
    has_ended = False
