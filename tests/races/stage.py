"""Lets the requests of a round wait for each other, in one process or several."""

from __future__ import annotations

import multiprocessing.synchronize
import threading

#: Seconds after which a request that waits for the others gives up.
LIMIT = 30


class Stage:
    """Lets requests go on when all are there, or when a leading one is answered."""

    def __init__(
        self,
        barrier: threading.Barrier,
        answered: threading.Event | multiprocessing.synchronize.Event,
    ) -> None:
        self._barrier = barrier
        self._answered = answered

    def wait(self, is_late: bool) -> None:
        """Wait for all the others, and if late, until one that leads is answered."""
        self._barrier.wait(LIMIT)
        if is_late and not self._answered.wait(LIMIT):
            raise TimeoutError("The leading request was not answered.")

    def answer(self) -> None:
        """Let those go on that are late."""
        self._answered.set()

    def clear(self) -> None:
        """Make ready for the next round, also after one that has failed."""
        self._barrier.reset()
        self._answered.clear()
