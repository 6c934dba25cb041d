"""Objects that belong to one process, and are made anew in one forked from it.

Threads do not come along into a forked process, and a lock that one of them held is
never let go of there. Connections do come along, and two processes that use one read
each other's answers. uWSGI forks without telling Python, so whatever has threads, locks
or connections asks with each use which process it is in.
"""

from __future__ import annotations

import os
import threading
import typing as t
from collections.abc import Callable

T = t.TypeVar("T")

#: Objects of the process that this one was forked from. They are not used here, but to
#: take them apart could end connections that are still used there.
_inherited: list[t.Any] = []


class PerProcess(t.Generic[T]):
    """Something of which every process has its own, made when it is first asked for.

    :param make: makes one, and waits for nobody.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, _Made[T]] = {}

    def get(self) -> T:
        """Return the one of this process."""
        mine = self._made.get(os.getpid()) or self._begin()
        if not mine.values:
            with mine.lock:
                if not mine.values:
                    mine.values.append(self._make())
        return mine.values[0]

    def _begin(self) -> _Made[T]:
        process = os.getpid()
        # To set it in this way needs no lock, which might be held for ever.
        mine = self._made.setdefault(process, _Made())
        # The number of a process that is gone can be given to another one.
        for other in [each for each in self._made if each != process]:
            set_aside(self._made.pop(other, None))
        return mine


class _Made(t.Generic[T]):
    """The value that one process has made, or none yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.values: list[T] = []


def set_aside(inherited: t.Any) -> None:
    """Keep what another process may still use as it is, and out of use here."""
    _inherited.append(inherited)
