"""Locks that a back end keeps for a while, even if their holder goes away."""

from __future__ import annotations

import secrets
import typing as t

#: Seconds after which a lock ends whose holder does not renew it.
LEASE = 8
#: The beginning of the keys of locks.
LOCK = "flask_auth0.lock:"


class Lock(t.Protocol):
    """A lock in a back end. It ends :data:`LEASE` seconds after its last renewal."""

    def take(self) -> bool:
        """Take the lock, unless another holder has it; tell whether it is taken."""

    def renew(self) -> bool:
        """Hold it for another while; tell whether it was still held."""

    def release(self) -> object:
        """Let go of it, if it is still held."""


def new_holder() -> str:
    """Return a name for the holder of a lock, which no other one has."""
    return secrets.token_hex(16)
