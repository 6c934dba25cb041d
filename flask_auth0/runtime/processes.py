"""Objects that belong to one process, and are made anew in one forked from it.

A forked process does not inherit threads, and a lock that one of them held is never
released there. It does inherit connections, and two processes that use one read each
other's answers. uWSGI forks without telling Python, so objects with threads, locks or
connections check the process with each use.
"""

from __future__ import annotations

import os
import threading
import typing as t
from collections.abc import Callable

T = t.TypeVar("T")

#: Objects of the parent process, which are kept but not used: deleting them could close
#: connections that the parent still uses.
_inherited: list[t.Any] = []


class PerProcess(t.Generic[T]):
    """An object of which each process has its own, made at the first use.

    :param make: makes the object, without waiting for a lock.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, _Made[T]] = {}

    def get(self) -> T:
        """Return the object of this process."""
        mine = self._made.get(os.getpid()) or self._begin()
        if not mine.values:
            with mine.lock:
                if not mine.values:
                    mine.values.append(self._make())
        return mine.values[0]

    def _begin(self) -> _Made[T]:
        process = os.getpid()
        # setdefault needs no lock, which a forked process could inherit locked.
        mine = self._made.setdefault(process, _Made())
        # A process id can be used again once its process is gone.
        for other in [each for each in self._made if each != process]:
            set_aside(self._made.pop(other, None))
        return mine


class _Made(t.Generic[T]):
    """The value that one process has made, or none yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.values: list[T] = []


def set_aside(inherited: t.Any) -> None:
    """Keep an object of the parent process alive, without using it."""
    _inherited.append(inherited)
