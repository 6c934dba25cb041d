"""The clock of an app, which its parts are handed so that a test can move it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, time


class Clock:
    """The clock of this machine."""

    #: Returns seconds since the epoch, which all processes can compare.
    time: Callable[[], float] = staticmethod(time)
    #: Returns seconds that never go back, to measure how long something takes.
    monotonic: Callable[[], float] = staticmethod(monotonic)
