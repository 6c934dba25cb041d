"""A short-lived cookie that names the sessions which have just ended in a browser.

An answer that was on its way can bring the cookies of such a session back.
"""

from __future__ import annotations

import time
import typing as t

from ..labels import is_record
from ..sealing import Sealer
from ..shapes import is_moment
from .jar import cookie_jar, cookie_name
from .memory import UNDER_WAY

#: How many sessions it names, the last ones.
_MOST = 4


class Tombstones:
    """Writes and reads the cookie.

    :param sealer: encrypts it.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def add(self, record: str) -> None:
        """Name one more session, unless it is too late for another cookie."""
        jar, name = cookie_jar(), cookie_name("ended")
        if jar.is_sent:
            return
        content = [*self._read(), [record, time.time()]][-_MOST:]
        jar.set(name, self._sealer.seal(content, name), UNDER_WAY)

    def name(self, record: str) -> bool:
        """Tell whether a session is among those that have ended."""
        return any(each == record for each, _ in self._read())

    def _read(self) -> list[t.Any]:
        name = cookie_name("ended")
        sealed = cookie_jar().get(name)
        content = None if sealed is None else self._sealer.open(sealed, name)
        found = content if isinstance(content, list) else []
        earliest = time.time() - UNDER_WAY
        return [each for each in found if _is_one(each) and each[1] > earliest]


def _is_one(each: t.Any) -> bool:
    if not isinstance(each, list) or len(each) != 2:
        return False
    record, at = each
    return isinstance(record, str) and is_record(record) and is_moment(at)
