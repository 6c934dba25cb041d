"""How many requests to a protected view a real server answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from . import deployed, plain
from .deployed import Deployed
from .lab import Lab
from .load import Load, Target, running_load
from .report import Table
from .serving import PROGRAMS, environment, make
from .timing import Timing, microseconds
from .visitor import Visitor

#: What is compared with what.
_RIVALS = {
    "ours-cookies": "signed",
    "recipe-cookies": "signed",
    "ours-redis": "session",
    "recipe-redis": "session",
}
_CONTENDERS = [name for name in PROGRAMS if name != "bare"]


class Server:
    """One of the programs behind gunicorn, with somebody who is logged in."""

    def __init__(self, program: Deployed, target: Target) -> None:
        self._program = program
        self._target = target
        #: For one request, in each burst.
        self.timing = Timing()

    def burst(self, load: Load, seconds: float) -> None:
        """Put it under load, and note what that was like."""
        before = self._program.cpu_seconds()
        answered = load.burst(self._target, seconds)
        self.timing.wall.append(seconds / answered)
        self.timing.cpu.append((self._program.cpu_seconds() - before) / answered)


def measure(lab: Lab) -> list[Table]:
    """Put all servers under load in turn, with each number of workers."""
    with running_load() as load:
        return [_table(lab, load, workers) for workers in lab.size.workers]


def _table(lab: Lab, load: Load, workers: int) -> Table:
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(_running(lab, name, workers))
            for name in _CONTENDERS
        }
        for _ in range(lab.size.bursts):
            for server in servers.values():
                server.burst(load, lab.size.seconds)
    timings = {name: server.timing for name, server in servers.items()}
    title = f"A protected view, gunicorn with {workers} x 4 threads"
    headings = ["App", "µs", "Requests/s to rival", "CPU µs", "CPU to rival"]
    return Table(title, headings, [_row(name, timings) for name in timings])


def _row(name: str, timings: Mapping[str, Timing]) -> list[str]:
    timing, rival = timings[name], timings.get(_RIVALS.get(name, ""))
    return [
        PROGRAMS[name].title,
        microseconds(timing.wall),
        f"{rival.ratio(timing):.2f}" if rival else "",
        microseconds(timing.cpu),
        f"{timing.cpu_ratio(rival):.2f}" if rival else "",
    ]


@contextmanager
def _running(lab: Lab, name: str, workers: int) -> Iterator[Server]:
    visitor = Visitor(make(name, environment(lab, name)))
    visitor.log_in_at_last()
    visitor.get("/profile")
    with deployed.running(lab, name, workers) as program:
        cookies = visitor.cookie_header
        target = Target(program.port, "/profile", cookies, plain.GREETING)
        yield Server(program, target)
