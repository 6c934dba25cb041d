"""A bounded cache of results, in one process."""

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
