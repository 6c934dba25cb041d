"""Reads the head of a state together with Flask's session, in one round trip."""

from __future__ import annotations

import functools
import time

from ...runtime.recent import Recent
from ...runtime.request import CurrentRequest, Prefetched, current_request
from ..labels import RECORD_LENGTH
from ..storage_contract import HEAD
from ..stores.base import BackEnd

#: The prefix of records. With ``SESSION_KEY_PREFIX``, a forged session cookie could
#: name a record.
_RECORD = "flask_auth0.state:"
#: Characters of a session's id that nobody can guess, of 64 kinds, at least.
SECRET = 19
#: The most sessions whose record a process remembers.
REMEMBERED = 1024
#: Seconds for which a value that was read ahead is used. The request misses changes of
#: that time; before it writes, it reads again.
_FRESH = 0.1


class Prefetch:
    """Reads a session, and with it the value that its request may need next.

    A value that was not read ahead is read when it is needed.

    :param sid_length: characters of a session's id, with which its key ends. The id of
        a login's session begins with the login's record if it is long enough.
    """

    def __init__(self, back_end: BackEnd, sid_length: int = 0) -> None:
        self._back_end = back_end
        self._sid_length = sid_length
        #: The keys that requests have asked for first, where the id does not tell.
        self._needs: Recent[str, str] = Recent(REMEMBERED)

    def read_session(self, current: CurrentRequest, store_id: str) -> bytes | None:
        """Return a session, and read the other value for a request."""
        need = self._needs.get(store_id) or self._told_by(store_id)
        keys = (store_id, need) if need else (store_id,)
        fetch = functools.partial(self._back_end.fetch_together, *keys)
        found = self._back_end.ask_in(current.outage, fetch)
        value = found.pop(store_id)
        current.prefetched = Prefetched(store_id, time.monotonic(), found)
        return value

    def read_record(self, record: str, part: str) -> bytes | None:
        """Return a part of a state."""
        key, ahead = record_key(record, part), current_request().prefetched
        if ahead is not None:
            # A value is used once: the next read of it, in any thread, is for changes.
            values, ahead.values = ahead.values, {}
            is_first, ahead.has_asked = not ahead.has_asked, True
            if key not in values:
                if is_first:
                    self._needs.keep(ahead.store_id, key)
            elif time.monotonic() - ahead.read_at < _FRESH:
                return values[key]
        return self._back_end.ask(self._back_end.fetch, key)

    def _told_by(self, store_id: str) -> str | None:
        """Return the key of the head whose record a session's id begins with."""
        if self._sid_length < RECORD_LENGTH + SECRET:
            return None
        start = len(store_id) - self._sid_length
        return record_key(store_id[start : start + RECORD_LENGTH], HEAD)


def record_key(record: str, part: str) -> str:
    """Return the key of a part of a state."""
    return f"{_RECORD}{record}.{part}"
