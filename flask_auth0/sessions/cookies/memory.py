"""What a process knows for a while of sessions in cookies: the last change, the end."""

from __future__ import annotations

import time
import typing as t

from ..codec import State

#: Seconds for which a browser may still send cookies from before a change.
NEWEST = 60
#: Seconds for which an answer may be on its way, and its cookies with it.
UNDER_WAY = 600
#: How many states, and how many ended sessions, a process remembers.
MOST_STATES, MOST_ENDED = 2048, 16_384

V = t.TypeVar("V")


class _Lately(t.Generic[V]):
    """Values that are forgotten in time, or when there are too many, oldest first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[str, tuple[float, V]] = {}

    def get(self, key: str) -> V | None:
        until, value = self._values.get(key, (0.0, None))
        return value if until > time.monotonic() else None

    def keep(self, key: str, value: V, seconds: float) -> None:
        now = time.monotonic()
        self.drop(key)
        self._values[key] = (now + seconds, value)
        # A copy, as other threads may change it meanwhile.
        for number, (each, (until, _)) in enumerate(list(self._values.items())):
            if until > now and number >= len(self._values) - self._most:
                return
            self.drop(each)

    def drop(self, key: str) -> None:
        self._values.pop(key, None)


class Newest(t.NamedTuple):
    """A state as its last change has left it."""

    head: State
    body: State


class Memory:
    """Where the requests of a browser meet that were sent at the same time.

    Each came with the cookies from before, and the answers reach the browser in any
    order.
    """

    def __init__(self) -> None:
        self._newest: _Lately[Newest] = _Lately(MOST_STATES)
        self._ended: _Lately[bool] = _Lately(MOST_ENDED)

    def newest(self, record: str) -> Newest | None:
        """Return a session's newest state, if it has changed lately."""
        return self._newest.get(record)

    def keep(self, record: str, newest: Newest, seconds: float = NEWEST) -> None:
        """Remember a session's newest state."""
        self._newest.keep(record, newest, seconds)

    def end(self, record: str) -> None:
        """Remember that a session has ended."""
        self._ended.keep(record, True, UNDER_WAY)
        self._newest.drop(record)

    def is_ended(self, record: str) -> bool:
        """Tell whether a session has ended here lately."""
        return self._ended.get(record) is not None
