"""The time, as a test sets it."""

from __future__ import annotations

import time


class Clock:
    """The clock of every app in this process, put forward or back."""

    def __init__(self) -> None:
        #: Seconds by which the date is ahead.
        self.offset = 0.0
        #: Seconds that have passed besides, for whoever measures how long things take.
        self.passed = 0.0

    def time(self) -> float:
        return time.time() + self.offset

    def monotonic(self) -> float:
        return time.monotonic() + self.passed
