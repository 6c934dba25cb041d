"""A small storm of real logins at a real server, and what one request costs there."""

from __future__ import annotations

import functools
import http.client
import itertools
import multiprocessing
import random
import statistics
import threading
import time
import typing as t
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from . import deployed, limited
from .crowd import Costs, Outcome, Site, Storm, pause_of
from .deployed import Deployed, Remote
from .lab import Lab
from .visitor import BROWSER, Visitor, authorize

_PROGRAM = "ours-redis"
#: The server, with fewer places than threads.
SITE = Site(workers=2, threads=8, places=3)
#: Seconds that the tenant takes for a code.
DELAY = 0.15
#: No limit at all.
_MANY = 1_000_000
#: So few codes in a second that none is taken.
_NONE = 1e-3
#: The headers of the browsers, whose host is the one that the tenant knows.
_HEADERS = {**BROWSER, "Host": "127.0.0.1:5000"}
#: Logins by which each worker learns of the tenant.
_FIRST = 16
#: Seconds after which those who come have begun to.
_AHEAD = 2.0
#: Threads in which pages are asked for.
_READERS = 64
#: Seconds for which a code is good, as at Auth0.
_CODES_LAST = 600

R = t.TypeVar("R")


def storm_of(users: int) -> Storm:
    """Return a storm in which the tenant takes fewer codes than come."""
    return Storm(
        users,
        within=2.0,
        pages=20.0,
        rate=20,
        burst=20,
        patience=(1.0, 4.0),
        has_codes=True,
        longest=300.0,
    )


class Back(t.NamedTuple):
    """Somebody who comes back from the tenant."""

    path: str
    cookies: str


class _Seen(t.NamedTuple):
    """When somebody came and was in, and how many pages with 503 they have seen."""

    came_at: float
    done_at: float
    refused: int


def costs_of(lab: Lab) -> Costs:
    """Measure the requests of a server, one after the other."""
    with _running(lab) as server:
        lab.tenant.ask(limited.set_limit, 0.0, _MANY, _MANY)
        many = 5 * lab.size.logins
        people = [Visitor(Remote(server.port)) for _ in range(many)]
        login, locations = _cpu(server, [_first_step(each) for each in people])
        callback, _ = _cpu(server, _second_steps(people, locations))
        reader = Visitor(Remote(server.port))
        reader.log_in()
        read = functools.partial(_ask, server.port, "/profile", reader.cookie_header)
        # Linux counts a hundredth of a second at a time, which is many pages.
        page, _ = _cpu(server, [read] * (10 * many))
        answer = _answer(lab, server)
        refused = _refused(lab, server, many)
    return Costs(login, callback, refused, page, answer)


def storm(lab: Lab) -> Outcome:
    """Let people come back from the tenant, all at once."""
    planned = storm_of(lab.size.real_stormers)
    with _running(lab) as server:
        people = [_back(server) for _ in range(planned.users)]
        reader = Visitor(Remote(server.port))
        reader.log_in()
        lab.tenant.ask(limited.set_limit, DELAY, planned.rate, planned.burst)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            work = (server.port, people, reader.cookie_header, planned)
            outcome = pool.apply(_happen, work)
        outcome.limited = lab.tenant.ask(limited.count_refused)
    return outcome


@contextmanager
def _running(lab: Lab) -> Iterator[Deployed]:
    more = {"AUTH0_TENANT_CONCURRENCY": str(SITE.places)}
    lab.tenant.ask(limited.let_codes_last, _CODES_LAST)
    with deployed.running(lab, _PROGRAM, SITE.workers, SITE.threads, more) as server:
        for _ in range(_FIRST):
            Visitor(Remote(server.port)).log_in()
        yield server
        lab.tenant.ask(limited.lift_limit)


def _first_step(visitor: Visitor) -> Callable[[], str]:
    return lambda: visitor.get("/login")[1]


def _second_steps(
    people: Iterable[Visitor], locations: Iterable[str]
) -> list[Callable[[], int]]:
    """Return what completes the logins of people who were sent to the tenant."""
    paths = [authorize(each) for each in locations]
    pairs = zip(people, paths, strict=True)
    return [functools.partial(who.status, path) for who, path in pairs]


def _cpu(server: Deployed, calls: Iterable[Callable[[], R]]) -> tuple[float, list[R]]:
    """Return the processor's time of one call, and what each has returned."""
    before = server.cpu_seconds()
    found = [each() for each in calls]
    return (server.cpu_seconds() - before) / len(found), found


def _answer(lab: Lab, server: Deployed) -> float:
    """Return how long a callback waits for a tenant that takes its time."""
    lab.tenant.ask(limited.set_limit, DELAY, _MANY, _MANY)
    took = []
    for each in [_back(server) for _ in range(lab.size.logins)]:
        began = time.monotonic()
        _ask(server.port, each.path, each.cookies)
        took.append(time.monotonic() - began)
    return statistics.median(took)


def _refused(lab: Lab, server: Deployed, many: int) -> float:
    """Return the processor's time of a callback while the tenant is not asked."""
    people = [_back(server) for _ in range(many + _FIRST)]
    lab.tenant.ask(limited.set_limit, 0.0, _NONE, 1)
    calls = [functools.partial(_ask, server.port, *each) for each in people]
    for each in calls[:_FIRST]:
        each()
    return _cpu(server, calls[_FIRST:])[0]


def _back(server: Deployed) -> Back:
    visitor = Visitor(Remote(server.port))
    path = authorize(visitor.get("/login")[1])
    return Back(path, visitor.cookie_header)


def _ask(port: int, path: str, cookies: str) -> tuple[int, int]:
    """Return the status of an answer, and the seconds after which to try again.

    :raises RuntimeError: when another login begins.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={**_HEADERS, "Cookie": cookies})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if "/authorize" in answer.headers.get("Location", ""):
        raise RuntimeError(f"{path} begins another login.")
    return answer.status, int(answer.headers.get("Retry-After", 0))


def _happen(port: int, people: list[Back], reader: str, planned: Storm) -> Outcome:
    """Let people come, and others read, from the threads of this process."""
    begins_at = time.monotonic() + _AHEAD
    are_all_in = threading.Event()
    with ThreadPoolExecutor(len(people) + _READERS) as threads:
        read = functools.partial(_ask, port, "/profile", reader)
        pages = threads.submit(_read, threads, read, begins_at, planned, are_all_in)
        seen = [
            threads.submit(_come, port, each, begins_at, planned, number)
            for number, each in enumerate(people)
        ]
        found = [each.result() for each in seen]
        are_all_in.set()
        return Outcome(
            done=[each.done_at - begins_at for each in found],
            took=[each.done_at - each.came_at for each in found],
            refused=sum(each.refused for each in found),
            pages=pages.result(),
        )


def _come(port: int, who: Back, begins_at: float, planned: Storm, seed: int) -> _Seen:
    """Try until somebody is in."""
    dice = random.Random(seed)  # noqa: S311  # chooses when people come
    came_at = begins_at + dice.random() * planned.within
    time.sleep(max(came_at - time.monotonic(), 0))
    for tries in itertools.count():
        status, seconds = _ask(port, *who)
        if status == 302:
            return _Seen(came_at, time.monotonic(), tries)
        if status != 503:
            raise RuntimeError(f"A callback is answered with {status}.")
        time.sleep(seconds + pause_of(dice, planned.patience, tries))
    raise AssertionError("There is always another try.")


def _read(
    threads: ThreadPoolExecutor,
    read: Callable[[], tuple[int, int]],
    begins_at: float,
    planned: Storm,
    until: threading.Event,
) -> list[tuple[float, float]]:
    """Ask for pages again and again, whether or not the ones before have come."""
    dice = random.Random(0)  # noqa: S311  # chooses when people come
    asked, next_at = [], begins_at
    while not until.wait(max(next_at - time.monotonic(), 0)):
        asked.append(threads.submit(_timed, read, next_at, begins_at))
        next_at += dice.expovariate(planned.pages)
    return [each.result() for each in asked]


def _timed(
    read: Callable[[], tuple[int, int]], asked_at: float, begins_at: float
) -> tuple[float, float]:
    status, _ = read()
    if status != 200:
        raise RuntimeError(f"A page is answered with {status}.")
    return asked_at - begins_at, time.monotonic() - asked_at
