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
        #: The object of each process by its id, which is made if it is not there.
        self.of: dict[int, T] = _Made(make)

    def get(self) -> T:
        """Return the object of this process."""
        return self.of[os.getpid()]


class _Made(dict[int, T]):
    """The objects of this process, and of those that it was forked from until then."""

    def __init__(self, make: Callable[[], T]) -> None:
        super().__init__()
        self._make = make
        self._locks: dict[int, threading.Lock] = {}

    def __missing__(self, process: int) -> T:
        # setdefault needs no lock, which a forked process could inherit locked.
        with self._locks.setdefault(process, threading.Lock()):
            if process not in self:
                made = self._make()
                # A process id can be used again once its process is gone.
                for other in [each for each in self if each != process]:
                    set_aside(self.pop(other, None))
                    self._locks.pop(other, None)
                self[process] = made
        return self[process]


def set_aside(inherited: t.Any) -> None:
    """Keep an object of the parent process alive, without using it."""
    _inherited.append(inherited)
