"""What belongs to one process, and is made anew in one that was forked from it."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Callable

T = t.TypeVar("T")

#: What processes before this one have made. It is never used here, but to take it apart
#: could end what they still use.
_inherited: list[t.Any] = []


class PerProcess(t.Generic[T]):
    """Something of which every process has its own.

    Threads do not come along into a forked process, and whoever held a lock there never
    lets go of it here. Connections do come along, and two processes that use one read
    each other's answers. uWSGI forks without telling Python, so it is found out when
    the thing is used.

    :param make: makes one, as cheaply as can be: of two threads that are first at the
        same time, both may call it.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, T] = {}

    def get(self) -> T:
        """Return the one of this process."""
        process = os.getpid()
        found = self._made.get(process)
        if found is None:
            # To set it this way is safe without a lock.
            found = self._made.setdefault(process, self._make())
            self._set_others_aside(process)
        return found

    def _set_others_aside(self, process: int) -> None:
        # The number of a process that is gone can be given to another one.
        for other in [each for each in self._made if each != process]:
            _inherited.append(self._made.pop(other, None))
