"""Times several things in turn, so that what slows the machine slows all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Timing:
    """How long one call took in each round, in seconds."""

    #: By the clock.
    wall: list[float] = field(default_factory=list)
    #: Of the processor, in all threads of this process.
    cpu: list[float] = field(default_factory=list)

    def add(self, watch: Stopwatch, calls: int = 1) -> None:
        """Note a round of so many calls."""
        self.wall.append(watch.wall / calls)
        self.cpu.append(watch.cpu / calls)

    def ratio(self, other: Timing) -> float:
        """Return how many times as long as another it took, by the clock."""
        return _ratio(self.wall, other.wall)

    def cpu_ratio(self, other: Timing) -> float:
        """Return how many times the processor's time of another it took."""
        return _ratio(self.cpu, other.cpu)


class Stopwatch:
    """Adds up how long some blocks take."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure a block."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.cpu += time.process_time() - cpu
            self.wall += time.perf_counter() - wall

    def add(self, other: Stopwatch) -> None:
        """Add what another one has measured."""
        self.wall += other.wall
        self.cpu += other.cpu


def interleave(
    contenders: Mapping[str, Callable[[], object]], rounds: int, calls: int
) -> dict[str, Timing]:
    """Time so many calls of each contender in each round.

    Every other round goes backwards, so that the same contender does not always find
    the processor's caches as another one has left them.
    """
    timings = {name: Timing() for name in contenders}
    for call in contenders.values():
        _call(call, calls)
    gc.collect()
    there = list(contenders.items())
    for number in range(rounds):
        for name, call in there[::-1] if number % 2 else there:
            watch = Stopwatch()
            with watch.running():
                _call(call, calls)
            timings[name].add(watch, calls)
    return timings


def microseconds(seconds: Iterable[float]) -> str:
    """Return the median, as a table shows it."""
    return f"{statistics.median(seconds) * 1e6:.0f}"


def milliseconds(seconds: Iterable[float]) -> str:
    """Return the median, as a table shows what takes longer."""
    return f"{statistics.median(seconds) * 1e3:.1f}"


def _call(call: Callable[[], object], times: int) -> None:
    for _ in range(times):
        call()


def _ratio(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """Return the median of what each round says, not one of two medians."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
