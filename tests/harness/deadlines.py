"""Deadlines for what must not wait, whatever else the machine is doing."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

#: Seconds for which the watch sleeps at a time.
_STEP = 0.01


class Lateness(threading.Thread):
    """Measures by how much a thread of this process is late that only sleeps.

    A busy machine adds as much to everything; on a quiet one it is next to nothing.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._is_over = threading.Event()
        self.seconds = 0.0

    def run(self) -> None:
        """Sleep in short steps until the end, and add up by how much each is late."""
        before = time.monotonic()
        while not self._is_over.wait(_STEP):
            now = time.monotonic()
            self.seconds += max(0.0, now - before - _STEP)
            before = now

    def end(self) -> float:
        """Stop, and return what has been measured."""
        self._is_over.set()
        self.join()
        return self.seconds


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when something takes too long, apart from what a busy machine adds."""
    lateness, began = Lateness(), time.monotonic()
    lateness.start()
    try:
        yield
    finally:
        took = time.monotonic() - began
        late = lateness.end()
    assert took - late < seconds, (
        f"{took:.2f} s, of which {late:.2f} s are the machine's"
    )
