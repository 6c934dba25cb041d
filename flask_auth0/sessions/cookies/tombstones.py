"""A short-lived cookie that names the sessions which have just ended in a browser.

A response that was on its way can bring the cookies of such a session back.
"""

from __future__ import annotations

import typing as t

from ...runtime.clock import Clock
from ...runtime.cookie_jar import CookieJar
from ..labels import is_record
from ..sealing import Sealer
from ..shapes import is_moment

#: Seconds for which a response, with cookies of the session, may be on its way.
UNDER_WAY = 600
#: The end of the cookie's name.
ENDED = "ended"
#: The most sessions that the cookie names, the last ones.
_MOST_ENDED = 4


class Tombstones:
    """Writes and reads the cookie that names ended sessions.

    :param sealer: encrypts the cookie.
    :param clock: tells which sessions ended too long ago.
    """

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer = sealer
        self._clock = clock

    def add(self, jar: CookieJar, record: str) -> None:
        """Name one more session, unless the headers are sent."""
        if jar.is_sent:
            return
        name = jar.prefix + ENDED
        content = [*self._read(jar), [record, self._clock.time()]][-_MOST_ENDED:]
        jar.set(name, self._sealer.seal(content, name), UNDER_WAY)

    def name(self, jar: CookieJar, record: str) -> bool:
        """Tell whether the cookie names a session."""
        return any(each == record for each, _ in self._read(jar))

    def _read(self, jar: CookieJar) -> list[t.Any]:
        name = jar.prefix + ENDED
        sealed = jar.values.get(name)
        content = self._sealer.open(sealed[0], name) if sealed else None
        found = content if isinstance(content, list) else []
        earliest = self._clock.time() - UNDER_WAY
        return [each for each in found if _is_one(each) and each[1] > earliest]


def _is_one(each: t.Any) -> bool:
    if not isinstance(each, list) or len(each) != 2:
        return False
    record, at = each
    return isinstance(record, str) and is_record(record) and is_moment(at)
