"""The time, as a test sets it."""

from __future__ import annotations

import time


class Clock:
    """The time, as the sessions see it."""

    def __init__(self) -> None:
        self.offset = 0.0

    def time(self) -> float:
        return time.time() + self.offset
