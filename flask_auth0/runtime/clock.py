"""What time it is: the one clock of an app, which its parts are handed."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, time


class Clock:
    """The clock of this machine."""

    #: Returns the seconds since the epoch, which mean the same to all processes.
    time: Callable[[], float] = staticmethod(time)
    #: Returns seconds that only ever grow, to tell how long something takes.
    monotonic: Callable[[], float] = staticmethod(monotonic)
