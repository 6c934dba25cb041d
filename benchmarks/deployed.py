"""A program behind gunicorn, and what reaches it over HTTP as if it were in process."""

from __future__ import annotations

import http.client
import os
import sys
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.harness.app_server import Address
from tests.harness.processes import Service, stopped_at_the_end

from .lab import Lab
from .serving import environment

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Deployed(t.NamedTuple):
    """A program that runs.

    :param pid: of gunicorn.
    """

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """Return the processor's time of all its processes, where Linux says."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        if not children.exists():
            return 0.0
        pids = [self.pid, *map(int, children.read_text().split())]
        return sum(map(_cpu_ticks, pids)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    lab: Lab,
    name: str,
    workers: int,
    threads: int = 4,
    more: Mapping[str, str] | None = None,
) -> Iterator[Deployed]:
    """Run a program.

    :param more: environment variables beside those that the program needs.
    """
    with Address() as address:
        descriptor = address.socket.fileno()
        command = [
            *(sys.executable, "-m", "gunicorn", f"--bind=fd://{descriptor}"),
            *("--worker-class=gthread", f"--workers={workers}"),
            *(f"--threads={threads}", "--preload", "benchmarks.serving:create_app()"),
        ]
        env = {**environment(lab, name), **(more or {})}
        service = Service(name, command, lab.folder, env, [descriptor])
        with stopped_at_the_end(service):
            service.wait_until(lambda: "Booting" in service.output(), "has workers")
            yield Deployed(service.process.pid, urlsplit(address.url).port or 0)


class Remote:
    """A WSGI application that hands each request on to a server on this machine.

    :param port: of the server.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        query, headers = environ["QUERY_STRING"], _headers(environ)
        path = f"{environ['PATH_INFO']}?{query}" if query else environ["PATH_INFO"]
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request(environ["REQUEST_METHOD"], path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        start_response(f"{answer.status} {answer.reason}", answer.getheaders())
        return [body]


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    names = [name for name in environ if name.startswith("HTTP_")]
    return {name[5:].replace("_", "-").title(): environ[name] for name in names}


def _cpu_ticks(pid: int) -> int:
    # The second field is the program's name, which can have spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
