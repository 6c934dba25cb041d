"""What a process has found out lately, so that it need not do so again."""

from __future__ import annotations

import typing as t

K = t.TypeVar("K", bound=t.Hashable)
V = t.TypeVar("V")


class Recent(t.Generic[K, V]):
    """Remembers values by their keys, and forgets them all when there are too many.

    :param most: how many values it remembers.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return what is remembered."""
        return self._values.get(key)

    def keep(self, key: K, value: V) -> None:
        """Remember a value."""
        if key not in self._values and len(self._values) >= self._most:
            self._values.clear()
        self._values[key] = value
