"""Reads another value of a request together with its session, in one round trip."""

from __future__ import annotations

import time

from ...runtime.recent import Recent
from ...runtime.request import Prefetched, current_request
from ..stores.base import BackEnd

#: The most sessions whose other key a process remembers.
REMEMBERED = 1024
#: Seconds for which a value that was read ahead is used. The request misses changes of
#: that time; before it writes, it reads again.
_FRESH = 0.1


class Prefetch:
    """Remembers which other key the requests of a session asked for first.

    A value that was not read ahead is read when it is needed.
    """

    def __init__(self, back_end: BackEnd) -> None:
        self._back_end = back_end
        self._needs: Recent[str, str] = Recent(REMEMBERED)

    def read_session(self, ahead: Prefetched, store_id: str) -> bytes | None:
        """Return a session, and read the value with it that its request may need next.

        :param ahead: receives the values that are read ahead.
        """
        need = self._needs.get(store_id)
        keys = (store_id, need) if need else (store_id,)
        found = self._back_end.ask(self._back_end.fetch_together, *keys)
        ahead.store_id, ahead.read_at = store_id, time.monotonic()
        ahead.values = {k: v for k, v in found.items() if k != store_id}
        return found[store_id]

    def read_other(self, key: str) -> bytes | None:
        """Return the value of another key."""
        ahead = current_request().prefetched
        store_id = ahead.store_id
        is_first = not ahead.has_asked and store_id is not None
        if store_id is not None and is_first and self._needs.get(store_id) != key:
            self._needs.keep(store_id, key)
        ahead.has_asked = True
        # A value is used once: the next read of it, in any thread, is for changes.
        values, ahead.values = ahead.values, {}
        is_fresh = time.monotonic() - ahead.read_at < _FRESH
        return values[key] if is_fresh and key in values else self._fetch(key)

    def _fetch(self, key: str) -> bytes | None:
        return self._back_end.ask(self._back_end.fetch, key)
