"""How many requests to a protected view a real server answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.harness.app_server import Address
from tests.harness.processes import Service, stopped_at_the_end

from . import plain
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
    """One of the programs behind gunicorn, with somebody who is logged in.

    :param pid: of gunicorn.
    """

    def __init__(self, pid: int, target: Target) -> None:
        self._pid = pid
        self._target = target
        #: For one request, in each burst.
        self.timing = Timing()

    def burst(self, load: Load, seconds: float) -> None:
        """Put it under load, and note what that was like."""
        before = _cpu_seconds(self._pid)
        answered = load.burst(self._target, seconds)
        self.timing.wall.append(seconds / answered)
        self.timing.cpu.append((_cpu_seconds(self._pid) - before) / answered)


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
    with Address() as address:
        descriptor = address.socket.fileno()
        command = [
            *(sys.executable, "-m", "gunicorn", f"--bind=fd://{descriptor}"),
            *("--worker-class=gthread", f"--workers={workers}", "--threads=4"),
            *("--preload", "benchmarks.serving:create_app()"),
        ]
        env = environment(lab, name)
        service = Service(name, command, lab.folder, env, [descriptor])
        with stopped_at_the_end(service):
            service.wait_until(lambda: "Booting" in service.output(), "has workers")
            port = urlsplit(address.url).port or 0
            target = Target(port, "/profile", visitor.cookie_header, plain.GREETING)
            yield Server(service.process.pid, target)


def _cpu_seconds(pid: int) -> float:
    """Return the processor's time of a process and its children, where Linux says."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        return 0.0
    pids = [pid, *map(int, children.read_text().split())]
    return sum(map(_cpu_ticks, pids)) / os.sysconf("SC_CLK_TCK")


def _cpu_ticks(pid: int) -> int:
    # The second field is the program's name, which can have spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
