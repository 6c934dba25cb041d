"""Programs that tests start beside themselves: their output, their end, and waiting."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).parents[2]


def until(
    condition: Callable[[], object],
    what: str,
    within: float = 20.0,
    every: float = 0.05,
) -> None:
    """Ask again and again until the condition holds; past the deadline, fail."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within:g} s: {what}")
        time.sleep(every)


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process, with another configuration."""
    ours = ("AUTH0_", "FLASK_", "SESSION_", "SSL_CERT_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **extra}


class Service:
    """A program in a process group of its own, with its output in a file."""

    #: The services that run now, so that a failing test can show what they said.
    running: ClassVar[list[Service]] = []

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                # Gunicorn keeps a control socket at home, one for all that run there.
                env=environment({"HOME": str(folder), **(env or {})}),
                pass_fds=pass_fds,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.marked = 0
        self.running.append(self)

    def output(self) -> str:
        """All that it has printed."""
        return self.log.read_bytes().decode(errors="replace")

    def mark(self) -> None:
        """Begin a new chapter of the output: a test starts."""
        self.marked = self.log.stat().st_size

    def recent(self) -> str:
        """The output of the process since the mark."""
        return self.log.read_bytes()[self.marked :].decode(errors="replace")

    def check_quiet(self) -> None:
        """A server may refuse, but it may not fall over."""
        assert "Traceback (most recent call last)" not in self.recent(), self.recent()

    def wait_until(
        self, ready: Callable[[], object], what: str, within: float = 30.0
    ) -> None:
        """Wait for a sign of readiness; an early death is an error at once."""

        def ready_or_dead() -> bool:
            if self.process.poll() is not None:
                raise ChildProcessError(f"{self.name} ended:\n{self.output()}")
            return bool(ready())

        try:
            until(ready_or_dead, f"{self.name} {what}", within)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.output()}") from None

    def wait_until_it_accepts(self, port: int) -> None:
        """Wait until it takes connections on a port."""
        self.wait_until(lambda: _accepts(port), "accepts connections")

    def stop(self) -> None:
        """Ask the whole group to end, then insist."""
        self.running.remove(self)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)


@contextlib.contextmanager
def stopped_at_the_end(service: Service) -> Iterator[Service]:
    """Give the service to a ``with`` block and stop it afterwards."""
    try:
        yield service
    finally:
        service.stop()


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False
