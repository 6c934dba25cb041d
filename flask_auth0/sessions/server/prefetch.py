"""Reads what a request needs beside its session in the same round trip."""

from __future__ import annotations

import time

from ...runtime.request import Prefetched, current_request
from ..recent import Recent
from ..stores.base import BackEnd

#: How many sessions a process remembers the other key of.
REMEMBERED = 1024
#: Seconds for which what was read ahead is used. The request does not see what changes
#: meanwhile; before it writes, it reads again.
_FRESH = 0.1


class Prefetch:
    """Remembers which other key the requests of a session asked for first.

    What was not read ahead is read when it is needed.
    """

    def __init__(self, back_end: BackEnd) -> None:
        self._back_end = back_end
        self._needs: Recent[str, str] = Recent(REMEMBERED)

    def read_session(self, ahead: Prefetched, store_id: str) -> bytes | None:
        """Return a session, having read what its request may need next.

        :param ahead: of the request.
        """
        need = self._needs.get(store_id)
        keys = (store_id, need) if need else (store_id,)
        found = self._back_end.ask(self._back_end.fetch_together, *keys)
        ahead.store_id, ahead.read_at = store_id, time.monotonic()
        ahead.values = {k: v for k, v in found.items() if k != store_id}
        return found[store_id]

    def read_other(self, key: str) -> bytes | None:
        """Return what is kept under another key."""
        ahead = current_request().prefetched
        store_id = ahead.store_id
        is_first = not ahead.has_asked and store_id is not None
        if store_id is not None and is_first and self._needs.get(store_id) != key:
            self._needs.keep(store_id, key)
        ahead.has_asked = True
        # A request that asks again, in whatever thread, wants to know what has changed.
        values, ahead.values = ahead.values, {}
        is_fresh = time.monotonic() - ahead.read_at < _FRESH
        return values[key] if is_fresh and key in values else self._fetch(key)

    def _fetch(self, key: str) -> bytes | None:
        return self._back_end.ask(self._back_end.fetch, key)
