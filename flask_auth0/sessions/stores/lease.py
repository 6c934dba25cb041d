"""A lock that is held, and until when no other process can have it."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable

from .locks import LEASE, Lock

T = t.TypeVar("T")
P = t.ParamSpec("P")

#: Seconds before the end of a lease, in which its holder does not rely on it.
_MARGIN = 2


class Locking(t.Protocol):
    """A back end, as far as it keeps locks."""

    def try_lock(self, key: str) -> Lock | None:
        """Return a lock, or ``None`` if somebody else has it."""

    def poll(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that needs the back end."""


class Lease:
    """A lock of a back end, as its holder knows it.

    A process that stood still, or whose back end did not answer, may have lost it
    without being told.

    :param taken_at: when it was asked for, by the monotonic clock.
    """

    def __init__(self, back_end: Locking, lock: Lock, taken_at: float) -> None:
        self._back_end = back_end
        self._lock = lock
        self._held_at = taken_at

    @classmethod
    def take(cls, back_end: Locking, key: str) -> Lease | None:
        """Return a new one, or ``None`` if another holder has the lock.

        :raises SessionStoreUnavailable: when the back end cannot be written.
        """
        began = time.monotonic()
        lock = back_end.poll(back_end.try_lock, key)
        return None if lock is None else cls(back_end, lock, began)

    @property
    def age(self) -> float:
        """Seconds since it was held for sure."""
        return time.monotonic() - self._held_at

    def is_certain(self) -> bool:
        """Tell whether no other holder has the lock, now and for a moment."""
        return self.age < LEASE - _MARGIN

    def renew(self) -> bool:
        """Hold it for another while; tell whether it was still held.

        :raises SessionStoreUnavailable: when the back end cannot be written.
        """
        began = time.monotonic()
        is_held = self._back_end.poll(self._lock.renew)
        self._held_at = began if is_held else -LEASE
        return is_held

    def release(self) -> None:
        """Let go of it, if it is still held."""
        self._lock.release()
