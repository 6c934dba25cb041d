"""The codes that log somebody in without a password."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import RLock

from .inbox import random_code
from .mfa import same

#: How often a wrong code may be typed before it is good for nothing.
ATTEMPTS = 3


@dataclass
class Code:
    """The newest code of an address."""

    value: str = field(default_factory=random_code, repr=False)
    issued_at: float = field(default_factory=time.time)
    attempts: int = 0


class Codes:
    """The codes that are good now; ``tenant.passwordless``."""

    def __init__(self, lock: RLock) -> None:
        #: For how many seconds a code is good.
        self.lifetime = 180
        self._lock = lock
        self._codes: dict[tuple[str, str], Code] = {}

    def new(self, client_id: str, address: str) -> str:
        """A code for an address, in the place of the one before."""
        code = Code()
        with self._lock:
            self._codes[client_id, address.lower()] = code
        return code.value

    def redeem(self, client_id: str, address: str, given: str) -> str | None:
        """What is wrong with a code, or nothing; a good one is spent."""
        key = (client_id, address.lower())
        with self._lock:
            code = self._codes.get(key)
            if code is None:
                return "wrong"
            code.attempts += 1
            if code.attempts > ATTEMPTS:
                return "attempts"
            if not same(given, code.value):
                return "wrong"
            del self._codes[key]
            late = time.time() >= code.issued_at + self.lifetime
            return "expired" if late else None
