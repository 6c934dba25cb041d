"""Bounded caches of results, in one process."""

from __future__ import annotations

import typing as t

K = t.TypeVar("K", bound=t.Hashable)
V = t.TypeVar("V")


class Recent(dict[K, V]):
    """Remembers values by their keys, and forgets them all when there are too many.

    :param most: the most values that it remembers.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: K, value: V) -> None:
        """Remember a value."""
        if key not in self and len(self) >= self._most:
            self.clear()
        self[key] = value


class Repeated(Recent[K, V]):
    """Remembers values from the second time on that they are found.

    Where each request is somebody else's, values that nobody asks for again would take
    the time of the collector of garbage, and the place of others in the processor's
    caches.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        #: The hashes of keys whose values were found once.
        self._once: set[int] = set()

    def keep(self, key: K, value: V) -> None:
        """Remember a value, unless its key is new."""
        number = hash(key)
        if number in self._once:
            super().keep(key, value)
            return
        if len(self._once) >= self._most:
            self._once.clear()
        self._once.add(number)
