"""Locks of a back end, which run out unless their holders renew them."""

from __future__ import annotations

import secrets
import time
import typing as t
from collections.abc import Callable

B = t.TypeVar("B")
T = t.TypeVar("T")
P = t.ParamSpec("P")

#: Seconds after which a lock ends whose holder does not renew it.
LEASE = 8
#: The beginning of the keys of locks.
LOCK = "flask_auth0.lock:"
#: Seconds before the end of a lease from which on its holder does not rely on it.
_MARGIN = 2


class Lock(t.Protocol):
    """A lock in a back end. It ends :data:`LEASE` seconds after its last renewal."""

    def take(self) -> bool:
        """Take the lock, unless another holder has it; tell whether it is taken."""

    def renew(self) -> bool:
        """Hold it for another while; tell whether it was still held."""

    def release(self) -> object:
        """Let go of it, if it is still held."""


class HolderLock(t.Generic[B]):
    """A lock that a back end keeps under a name, with its holder and its end."""

    def __init__(self, back_end: B, name: str) -> None:
        self._back_end = back_end
        self._name = name
        self._holder = secrets.token_hex(16)


class Locking(t.Protocol):
    """The part of a back end that keeps locks."""

    def try_lock(self, key: str) -> Lock | None:
        """Return a lock that is taken, or ``None`` if another holder has it."""

    def poll(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the back end."""


class Lease:
    """A lock of a back end, as its holder knows it.

    A process that was suspended, or whose back end did not answer, may have lost the
    lock without notice.

    :param taken_at: when the lock was asked for, by the monotonic clock.
    """

    def __init__(self, back_end: Locking, lock: Lock, taken_at: float) -> None:
        self._back_end = back_end
        self._lock = lock
        self._held_at = taken_at
        #: Whether its holder has let go of it.
        self.is_over: bool = False

    @classmethod
    def take(cls, back_end: Locking, key: str) -> Lease | None:
        """Return a new lease, or ``None`` if another holder has the lock.

        :raises SessionStoreUnavailable: when the back end cannot be written.
        """
        began = time.monotonic()
        lock = back_end.poll(back_end.try_lock, key)
        return None if lock is None else cls(back_end, lock, began)

    @property
    def age(self) -> float:
        """Seconds since the lock was certainly held."""
        return time.monotonic() - self._held_at

    def is_certain(self) -> bool:
        """Tell whether the lock is certainly held, now and for a moment."""
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
        self.is_over = True
        self._lock.release()
