"""A storm of logouts from outside, at a real server with sessions in Redis."""

from __future__ import annotations

import functools
import http.client
import threading
import time
import typing as t
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from flask_auth0 import Auth0

from . import deployed, filling
from .deployed import Deployed, Remote
from .lab import Lab
from .report import Table
from .serving import environment, make
from .tenant import logout_tokens
from .visitor import Visitor

_PROGRAM = "ours-redis"
_WORKERS, _THREADS = 2, 8
#: How many send tokens at the same time, and how many read pages.
_SENDERS, _READERS = 8, 16
#: Seconds between two pages.
_PAUSE = 0.05
#: The tokens are good for two minutes, so not all are made before.
_BATCH = 1000
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Took = list[float]


class _Storm(t.NamedTuple):
    """How long the logouts took, and pages meanwhile, in seconds."""

    logouts: Took
    pages: Took
    lasted: float
    cpu: float


def measure(lab: Lab) -> list[Table]:
    """End sessions in a minute, and as quickly as may be, while pages are read."""
    many, seconds = lab.size.storm_of_logouts
    app = make(_PROGRAM, environment(lab, _PROGRAM))
    filling.fill(app, 2 * many)
    with deployed.running(lab, _PROGRAM, _WORKERS, _THREADS) as server:
        reader = Visitor(Remote(server.port))
        reader.log_in()
        before = _quiet(server, reader, min(seconds, 5.0))
        storm = functools.partial(_storm, lab, server, reader)
        paced = storm(range(many), seconds / many)
        quick = storm(range(many, 2 * many), None)
    _check(app, many)
    return [_table(many, seconds, before, paced, quick)]


def _table(
    many: int, seconds: float, before: Took, paced: _Storm, quick: _Storm
) -> Table:
    rows = [
        ["none", "", "", "", "", *_ms_of(before)],
        [f"in {seconds:.0f} s", *_row(paced)],
        ["as quickly as may be", *_row(quick)],
    ]
    title = f"{many:,} logout tokens, gunicorn with {_WORKERS} x {_THREADS} threads"
    headings = [
        *("Tokens", "Logouts/s", "CPU ms of one", "A logout, ms", "99 % of them, ms"),
        *("A page, ms", "99 % of pages, ms"),
    ]
    return Table(title, headings, rows)


def _row(storm: _Storm) -> list[str]:
    many = len(storm.logouts)
    rates = [f"{many / storm.lasted:.0f}", f"{storm.cpu / many * 1e3:.2f}"]
    return [*rates, *_ms_of(storm.logouts), *_ms_of(storm.pages)]


def _ms_of(took: Took) -> list[str]:
    ordered = sorted(took)
    return [f"{ordered[int(len(ordered) * s)] * 1e3:.1f}" for s in (0.5, 0.99)]


def _storm(
    lab: Lab,
    server: Deployed,
    reader: Visitor,
    numbers: Sequence[int],
    pause: float | None,
) -> _Storm:
    """Send a token for each of some sessions, one after a pause for the other."""
    logouts: Took = []
    lasted = cpu = 0.0
    with _Pages(server, reader) as pages, ThreadPoolExecutor(_SENDERS) as threads:
        for first in range(0, len(numbers), _BATCH):
            sids = [filling.login(n).sid for n in numbers[first : first + _BATCH]]
            tokens = lab.tenant.ask(logout_tokens, sids)
            began, busy = time.monotonic(), server.cpu_seconds()
            sent = [
                threads.submit(
                    _send, server.port, token, pause and began + number * pause
                )
                for number, token in enumerate(tokens)
            ]
            logouts += [each.result() for each in sent]
            lasted += time.monotonic() - began
            cpu += server.cpu_seconds() - busy
    return _Storm(logouts, pages.took, lasted, cpu)


def _send(port: int, token: str, at: float | None) -> float:
    """Send a token when its time has come; return how long that took from then on.

    :param at: when, or ``None`` for now.
    """
    if at:
        time.sleep(max(at - time.monotonic(), 0))
    began = at or time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = urlencode({"logout_token": token})
    connection.request("POST", "/backchannel-logout", body, _FORM)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"A logout is answered with {told!r}")
    return time.monotonic() - began


class _Pages:
    """Reads pages all the time, whether or not the ones before have come."""

    def __init__(self, server: Deployed, reader: Visitor) -> None:
        self._port, self._cookies = server.port, reader.cookie_header
        self.took: Took = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> _Pages:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _read(self) -> None:
        next_at = time.monotonic()
        with ThreadPoolExecutor(_READERS) as threads:
            asked = []
            while not self._is_over.wait(max(next_at - time.monotonic(), 0)):
                asked.append(threads.submit(self._one, next_at))
                next_at += _PAUSE
            self.took = [each.result() for each in asked]

    def _one(self, at: float) -> float:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request("GET", "/profile", headers={"Cookie": self._cookies})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"A page is answered with {answer.status}.")
        return time.monotonic() - at


def _quiet(server: Deployed, reader: Visitor, seconds: float) -> Took:
    """Read pages while nothing else happens."""
    with _Pages(server, reader) as pages:
        time.sleep(seconds)
    return pages.took


def _check(app: t.Any, many: int) -> None:
    """Look whether sessions from all over the store have ended."""
    with app.app_context():
        step = max(2 * many // 50, 1)
        left = [n for n in range(0, 2 * many, step) if Auth0().sessions.of(_sub(n))]
    if left:
        raise RuntimeError(f"{len(left)} sessions go on.")


def _sub(number: int) -> str:
    return filling.login(number).sub
