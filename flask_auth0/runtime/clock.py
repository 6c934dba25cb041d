"""The clock of an app, which its parts are handed so that a test can move it."""

from __future__ import annotations

import time
import typing as t


class Clock(t.Protocol):
    """Tells the time."""

    def time(self) -> float:
        """Return seconds since the epoch, which all processes can compare."""

    def monotonic(self) -> float:
        """Return seconds that never go back, to measure how long something takes."""


#: The clock that apps are handed. The module itself is one, so that an app's tests,
#: which replace its functions, move the time of the extension as well.
machine: Clock = time
