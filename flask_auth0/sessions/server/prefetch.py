"""What a request needs beside its session, read in the same round trip."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from flask import has_request_context

from ...runtime.per_request import per_request
from ..recent import Recent

#: How many sessions a process remembers the need of.
REMEMBERED = 1024
#: Seconds for which what was read ahead is used. What changes meanwhile, the request
#: does not see; whatever writes reads again before it does.
_FRESH = 0.1

Values = Mapping[str, bytes | None]


class Ahead:
    """What the current request has read with its session."""

    #: The key of the session itself.
    store_id: str | None = None
    #: Whether another value has been asked for.
    has_asked = False
    #: When it was read, by the monotonic clock.
    read_at = 0.0

    def __init__(self) -> None:
        self.values: dict[str, bytes | None] = {}


class Together:
    """Remembers which other key the requests of a session asked for first.

    What was not read ahead is read when it is needed.
    """

    def __init__(self) -> None:
        self._needs: Recent[str, str] = Recent(REMEMBERED)

    def read_session(self, store_id: str, fetch: Callable[..., Values]) -> bytes | None:
        """Return a session, having read what its request may need next.

        :param fetch: returns what is kept under the first of some keys, and under the
            others if one question is enough for all.
        """
        need = self._needs.get(store_id)
        found = fetch(store_id, need) if need else fetch(store_id)
        if has_request_context():
            ahead = per_request(Ahead)
            ahead.store_id, ahead.read_at = store_id, time.monotonic()
            ahead.values = {k: v for k, v in found.items() if k != store_id}
        return found[store_id]

    def read_other(
        self, key: str, fetch: Callable[[str], bytes | None]
    ) -> bytes | None:
        """Return what is kept under another key."""
        if not has_request_context():
            return fetch(key)
        ahead = per_request(Ahead)
        if not ahead.has_asked and ahead.store_id is not None:
            self._needs.keep(ahead.store_id, key)
        ahead.has_asked = True
        # Once: whoever asks again, in whatever thread, wants to know what has changed.
        values, ahead.values = ahead.values, {}
        is_fresh = time.monotonic() - ahead.read_at < _FRESH
        return values[key] if is_fresh and key in values else fetch(key)
