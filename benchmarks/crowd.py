"""A simulation of many people who log in at the same time, event by event.

What a request costs is measured (:mod:`.real_storm`). What is simulated is what comes
of it: the queue in front of the workers, their threads, the places of each for requests
that wait for the tenant (:mod:`flask_auth0.client.places`), the pauses after a status
429 (:mod:`flask_auth0.client.rate_limits`), and people who try again.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
import typing as t
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from flask_auth0.client.places import AGAIN, BELIEVED, BURST, SLOW

from .limited import Bucket

#: Seconds that a request waits for a place at most: half of AUTH0_TIMEOUT.
_LONGEST = 5.0
#: Seconds between two looks of who waits for a place.
_LOOK = 0.1
#: Seconds that people take at the tenant, on average.
_AT_TENANT = 10.0
#: Seconds after which a code is no good any more.
_CODE = 600.0


@dataclass(frozen=True)
class Costs:
    """What was measured, in seconds."""

    #: The processor's time of a request: to log in, of a callback, of a callback that
    #: is refused, and of a page.
    login: float
    callback: float
    refused: float
    page: float
    #: How long the tenant takes to exchange a code.
    answer: float


@dataclass(frozen=True)
class Site:
    """How an app runs.

    :param places: AUTH0_TENANT_CONCURRENCY; without, there are as many as threads.
    """

    workers: int
    threads: int
    places: int | None


@dataclass(frozen=True)
class Storm:
    """Who comes, and what the tenant is like.

    :param users: how many people log in.
    :param within: seconds in which two thirds of them come; the others come later.
    :param pages: how many pages people ask for in a second who are logged in.
    :param rate: how many codes the tenant exchanges in a second, and at once at first.
    :param slow: how long it takes for each, for so many seconds.
    :param patience: seconds before somebody tries again, on average, after the
        Retry-After. It doubles with each time, up to the second number.
    :param longest: seconds after which nobody looks any more.
    :param has_codes: whether people come back from the tenant, all at once.
    """

    users: int
    within: float
    pages: float
    rate: float
    burst: int
    slow: tuple[float, float] = (0.0, 0.0)
    patience: tuple[float, float] = (5.0, 120.0)
    has_codes: bool = False
    longest: float = 7200.0


@dataclass
class Outcome:
    """What became of it."""

    #: When each was logged in, after it began.
    done: list[float] = field(default_factory=list)
    #: How long each of these has taken, from the first request.
    took: list[float] = field(default_factory=list)
    #: How many pages with status 503 people have seen.
    refused: int = 0
    #: How often the tenant has answered with 429.
    limited: int = 0
    #: When a page was asked for, and how long it took.
    pages: list[tuple[float, float]] = field(default_factory=list)
    #: At some times, how many are logged in, look at a 503, and wait for an answer.
    seen: dict[float, tuple[int, int, int]] = field(default_factory=dict)


@dataclass
class _Person:
    came_at: float
    code_at: float = -math.inf
    tries: int = 0


@dataclass
class _Request:
    kind: str
    person: _Person | None
    asked_at: float
    line_at: float = 0.0


class _Worker:
    """A process: its threads, its processor, and its places."""

    def __init__(self, site: Site) -> None:
        self.threads = site.threads
        self.most = self.free = site.places or site.threads
        self.cpu_free_at = 0.0
        self.inside: list[float] = []
        self.moved_at, self.slow_at = 0.0, -math.inf
        self.line: deque[_Request] = deque()
        #: How many more may wait in a longer line.
        self.burst = Bucket(self.most, BURST * self.most)
        self.is_looking = False
        #: Until when a 429 forbids to ask, and until when the tenant wants that.
        self.pause = (0.0, 0.0)

    def is_slow(self, now: float) -> bool:
        is_silent = bool(self.inside) and now - self.moved_at > SLOW
        return is_silent or now - self.slow_at < BELIEVED

    def is_full_line(self, now: float) -> bool:
        """Tell whether one more may not wait, as the room of places does."""
        if len(self.line) < self.most - 1:
            return False
        return self.burst.take(now) is not None


class Simulation:
    """A storm at a site.

    :param times: when to look how many are where.
    """

    def __init__(
        self,
        costs: Costs,
        site: Site,
        storm: Storm,
        times: t.Iterable[float] = (),
        seed: int = 1,
    ) -> None:
        self._costs, self._storm = costs, storm
        self._dice = random.Random(seed)  # noqa: S311  # chooses when people come
        self._workers = [_Worker(site) for _ in range(site.workers)]
        self._bucket = Bucket(storm.rate, storm.burst)
        self._queue: deque[_Request] = deque()
        self._events: list[tuple[float, int, Callable[..., None], tuple[t.Any, ...]]]
        self._events, self._numbers = [], itertools.count()
        self._now, self._looking_at_503 = 0.0, 0
        self._waiting = 0
        self.outcome = Outcome()
        for each in times:
            self._at(each, self._look_around)

    def run(self) -> Outcome:
        """Let it happen, until everybody is logged in."""
        storm, outcome = self._storm, self.outcome
        for _ in range(storm.users):
            spread = self._dice.expovariate(1 / storm.within)
            first = self._with_code if storm.has_codes else self._ask_to_log_in
            came_at = self._dice.random() * storm.within if storm.has_codes else spread
            self._at(came_at, first, _Person(came_at))
        if storm.pages:
            self._at(0.0, self._ask_for_page)
        events = self._events
        while len(outcome.done) < storm.users and self._now < storm.longest:
            self._now, _, what, args = heapq.heappop(events)
            what(*args)
        return outcome

    def _at(self, moment: float, what: Callable[..., None], *args: t.Any) -> None:
        heapq.heappush(self._events, (moment, next(self._numbers), what, args))

    def _look_around(self) -> None:
        found = len(self.outcome.done), self._looking_at_503, self._waiting
        self.outcome.seen[self._now] = found

    # What people do

    def _ask_for_page(self) -> None:
        self._send(_Request("page", None, self._now))
        following = self._now + self._dice.expovariate(self._storm.pages)
        self._at(following, self._ask_for_page)

    def _ask_to_log_in(self, person: _Person) -> None:
        self._waiting += 1
        self._send(_Request("login", person, self._now))

    def _with_code(self, person: _Person) -> None:
        person.code_at = self._now
        self._call_back(person)

    def _call_back(self, person: _Person) -> None:
        self._waiting += 1
        self._send(_Request("callback", person, self._now))

    def _try_again(self, person: _Person) -> None:
        self._looking_at_503 -= 1
        if self._now - person.code_at > _CODE:
            self._ask_to_log_in(person)
        else:
            self._call_back(person)

    # What the app does

    def _send(self, request: _Request) -> None:
        free = [each for each in self._workers if each.threads]
        if free and not self._queue:
            self._begin(self._dice.choice(free), request)
        else:
            self._queue.append(request)

    def _begin(self, worker: _Worker, request: _Request) -> None:
        worker.threads -= 1
        costs = self._costs
        if request.kind == "page":
            self._work(worker, costs.page, self._page_answered, request)
        elif request.kind == "login":
            self._work(worker, costs.login, self._sent_to_tenant, request)
        else:
            self._work(worker, costs.refused, self._want_place, request)

    def _work(
        self,
        worker: _Worker,
        cost: float,
        then: Callable[..., None],
        request: _Request,
    ) -> None:
        worker.cpu_free_at = max(self._now, worker.cpu_free_at) + cost
        self._at(worker.cpu_free_at, then, worker, request)

    def _is_answered(self, worker: _Worker) -> None:
        worker.threads += 1
        if self._queue:
            self._begin(worker, self._queue.popleft())

    def _page_answered(self, worker: _Worker, request: _Request) -> None:
        took = self._now - request.asked_at
        self.outcome.pages.append((request.asked_at, took))
        self._is_answered(worker)

    def _sent_to_tenant(self, worker: _Worker, request: _Request) -> None:
        self._waiting -= 1
        away = self._dice.expovariate(1 / _AT_TENANT)
        self._at(self._now + away, self._with_code, request.person)
        self._is_answered(worker)

    def _want_place(self, worker: _Worker, request: _Request) -> None:
        if worker.free:
            self._enter(worker, request)
        elif worker.is_slow(self._now) or worker.is_full_line(self._now):
            self._refuse(worker, request, AGAIN)
        else:
            request.line_at = self._now
            worker.line.append(request)
            if not worker.is_looking:
                worker.is_looking = True
                self._at(self._now + _LOOK, self._look, worker)

    def _look(self, worker: _Worker) -> None:
        """Let those in the line give up that have no hope any more."""
        now, line = self._now, worker.line
        while line and (worker.is_slow(now) or now - line[0].line_at > _LONGEST):
            self._refuse(worker, line.popleft(), AGAIN)
        worker.is_looking = bool(line)
        if line:
            self._at(now + _LOOK, self._look, worker)

    def _enter(self, worker: _Worker, request: _Request) -> None:
        until, wanted = worker.pause
        if self._now < until:
            self._refuse(worker, request, math.ceil(wanted - self._now))
            return
        worker.free -= 1
        worker.moved_at = self._now
        worker.inside.append(self._now)
        answer = self._costs.answer
        slow, lasting = self._storm.slow
        if self._now < lasting:
            answer = max(answer, slow)
        wait = self._bucket.take(self._now)
        came_at = self._now
        then = self._exchanged, worker, request, came_at, wait
        self._at(self._now + answer, *then)

    def _exchanged(
        self, worker: _Worker, request: _Request, came_at: float, wait: int | None
    ) -> None:
        now = self._now
        worker.slow_at = now if now - came_at > SLOW else -math.inf
        worker.moved_at = now
        worker.inside.remove(came_at)
        worker.free += 1
        if wait is None:
            left = self._costs.callback - self._costs.refused
            self._work(worker, left, self._logged_in, request)
        else:
            self.outcome.limited += 1
            worker.pause = now + min(wait, 60), now + wait
            self._refuse(worker, request, wait)
        while worker.free and worker.line:
            self._enter(worker, worker.line.popleft())

    def _logged_in(self, worker: _Worker, request: _Request) -> None:
        self._waiting -= 1
        person = t.cast(_Person, request.person)
        self.outcome.done.append(self._now)
        self.outcome.took.append(self._now - person.came_at)
        self._is_answered(worker)

    def _refuse(self, worker: _Worker, request: _Request, seconds: int) -> None:
        self._waiting -= 1
        self._looking_at_503 += 1
        self.outcome.refused += 1
        person = t.cast(_Person, request.person)
        pause = pause_of(self._dice, self._storm.patience, person.tries)
        person.tries += 1
        self._at(self._now + seconds + pause, self._try_again, person)
        self._is_answered(worker)


def pause_of(dice: random.Random, patience: tuple[float, float], tries: int) -> float:
    """Return for how long somebody does something else before another try."""
    first, most = patience
    return dice.expovariate(1 / min(first * 2.0**tries, most))
