"""The DPoP proofs of late: each of them is good once."""

from __future__ import annotations

import time
from threading import RLock

#: How old a proof may be, in seconds.
WINDOW = 300


class Proofs:
    """The proofs of late, each of which is good once."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._seen: dict[str, int] = {}

    def add(self, jti: str, issued_at: int) -> bool:
        """Whether the proof is new."""
        horizon = time.time() - WINDOW
        with self._lock:
            self._seen = {j: at for j, at in self._seen.items() if at > horizon}
            if jti in self._seen:
                return False
            self._seen[jti] = issued_at
            return True
