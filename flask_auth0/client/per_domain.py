"""What is kept for each domain, where an app has several."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ..sessions.domains import MOST_DOMAINS

V = t.TypeVar("V")


class PerDomain(t.Generic[V]):
    """A value for each domain, made at its first use; if there are too many, the oldest
    ones go.

    :param make: makes a value.
    :param drop: is called with a value that goes.
    """

    def __init__(
        self, make: Callable[[], V], drop: Callable[[V], None] = lambda value: None
    ) -> None:
        self._make, self._drop = make, drop
        self._made: dict[str, V] = {}

    def of(self, domain: str) -> V:
        """Return the value of a domain."""
        found = self._made.get(domain)
        # Two threads may be the first, and have to get the same value.
        return self._made_for(domain) if found is None else found

    def all(self) -> list[V]:
        """Return the values of all domains."""
        return list(self._made.values())

    def _made_for(self, domain: str) -> V:
        made = self._made.setdefault(domain, self._make())
        for oldest in list(self._made)[:-MOST_DOMAINS]:
            dropped = self._made.pop(oldest, None)
            if dropped is not None:
                self._drop(dropped)
        return made
