"""Sessions in the memory of one process, for tests and development alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ...runtime.processes import PerProcess
from .bad_settings import BadSetting
from .base import Pruned, Rest, Setup
from .labels_in_values import OneAtATime
from .proof import prove

KEY = "SESSION_TYPE"
#: The values by their keys, with the moments when they expire.
Values = dict[str, tuple[bytes, float]]
_REFUSED = (
    "is 'memory', which forgets all sessions with the process and is no other "
    "process's: it is for debug and testing mode alone. Set it to redis, for one"
)


class MemoryBackEnd(OneAtATime):
    """Keeps sessions in a dictionary, another one for each app."""

    ttl = False
    failures: tuple[type[Exception], ...] = ()

    def __init__(self, setup: Setup, make: Callable[[], Values] = dict) -> None:
        super().__init__(setup, PerProcess(make))
        self._lock = PerProcess(threading.Lock)

    def fetch(self, key: str) -> bytes | None:
        value, expiry = self.client.get(key, (None, 0))
        return value if expiry > time.time() else None

    def mutex(self, key: str) -> threading.Lock:
        return self._lock.get()

    def write(self, key: str, value: bytes, max_age: int) -> None:
        self.client[key] = value, time.time() + max_age

    def delete(self, key: str) -> None:
        self.client.pop(key, None)

    def prune(self, rest: Rest = None) -> Pruned:
        now = time.time()
        with self.mutex(""):
            gone = [key for key, (_, expiry) in self.client.items() if expiry <= now]
            for key in gone:
                del self.client[key]
        return Pruned(len(gone), None)

    def close(self) -> None:
        """Do nothing: there are no connections."""


def make(setup: Setup) -> MemoryBackEnd:
    """Return the back end.

    :raises BadSetting: outside debug and testing mode.
    """
    if not setup.is_development:
        raise BadSetting(KEY, _REFUSED)
    back_end = MemoryBackEnd(setup)
    prove(back_end, KEY, "memory")
    return back_end
