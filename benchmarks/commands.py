"""What each request asks of the place of its session."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Iterable, Iterator
from unittest import mock

from flask import Flask

from flask_auth0.runtime import clock
from flask_auth0.sessions.server import interface
from tests.harness.clock import Clock

from . import ours
from .lab import Lab
from .places import Commands, Place
from .report import Table
from .shapes import API
from .tenant import RemoteTenant, logout_token_of_newest, set_token_lifetime
from .visitor import Visitor, authorize

#: Seconds after which the activity of a user is noted, by default, and a few more.
_LATER = 86400 // 60 + 10
_DAY = 86400
#: Each step counts by the visit in which it asks least: now and then, a lease that has
#: just been taken is renewed together with others.
_VISITS = 3
#: The places that no network leads to.
_NEAR = {"SQLite", "cachelib"}
#: What is asked is counted, however long that takes on a busy machine.
_PATIENT = {"AUTH0_SESSION_STORE_TIMEOUT": 60}


class Step(t.NamedTuple):
    """A request, or all of those that belong together."""

    name: str
    do: Callable[[], object]


class Asked(t.NamedTuple):
    """What each step asks of one place."""

    place: Place
    #: By the names of the steps.
    steps: dict[str, Commands]
    #: The same in units, where these are billed.
    units: dict[str, Commands]
    #: How often each step waits for an answer.
    trips: dict[str, int]


def count(lab: Lab, places: Iterable[Place]) -> list[Asked]:
    """Let somebody log in to an app at each place, look at pages, and log out."""
    return [_counted(lab, place) for place in places]


def _counted(lab: Lab, place: Place) -> Asked:
    found = Asked(place, {}, {}, {})
    # A login right after another one does not ask whether the place answers.
    alone = mock.patch.object(interface, "LATELY", 0.0)
    with moved_clock() as now, alone:
        app = ours.ours_at(place.settings, AUTH0_AUDIENCE=API, **_PATIENT)
        _warm_up(app)
        for _ in range(_VISITS):
            for step in _visit(lab.tenant, app, now):
                _count_step(found, step)
        _count_step(found, _logout_from_outside(lab.tenant, app))
    return found


def _warm_up(app: Flask) -> None:
    """Let the first login to an app open its connections."""
    visitor = Visitor(app)
    visitor.log_in()
    visitor.get("/logout")


def _count_step(found: Asked, step: Step) -> None:
    """Note what a step asks, unless it has asked less before."""
    place = found.place
    billed = place.units or Commands
    waited = place.trips or (lambda: place.asked().total())
    asked, units, trips = place.asked(), billed(), waited()
    step.do()
    spent = waited() - trips
    if spent < found.trips.get(step.name, spent + 1):
        found.trips[step.name] = spent
        found.steps[step.name] = place.asked() - asked
        found.units[step.name] = billed() - units


def table(found: Iterable[Asked]) -> Table:
    """Return how much each step reads and writes."""
    found = list(found)
    names = list(found[0].steps)
    rows = [
        [each.place.title, *(_numbers(each.place, each.steps[name]) for name in names)]
        for each in found
    ]
    title = "Commands of a request: those that read + those that write"
    return Table(title, ["Store", *names], rows)


def waits(found: Iterable[Asked]) -> Table:
    """Return how often each step waits for the answer of a server."""
    far = [each for each in found if each.place.title not in _NEAR]
    rows = [[each.place.title, *map(str, each.trips.values())] for each in far]
    return Table("Round trips of a request", ["Store", *far[0].steps], rows)


def detailed(asked: Asked) -> Table:
    """Return what each step asks of one place, command by command."""
    rows = [[name, _texts(commands)] for name, commands in asked.steps.items()]
    return Table(f"Commands at {asked.place.title}", ["Request", "Commands"], rows)


def billed(asked: Asked) -> Table:
    """Return the units of each step."""
    rows = [
        [name, str(units["read"]), str(units["write"])]
        for name, units in asked.units.items()
    ]
    headings = ["Request", "Read units", "Write units"]
    return Table(f"Units at {asked.place.title}", headings, rows)


@contextlib.contextmanager
def moved_clock() -> Iterator[Clock]:
    """Give the apps that are made meanwhile a clock that can be put forward."""
    found = Clock()
    with mock.patch.object(clock, "machine", found):
        yield found


def _visit(tenant: RemoteTenant, app: Flask, now: Clock) -> Iterator[Step]:
    visitor, way = Visitor(app), [""]

    def login() -> None:
        way[0] = authorize(visitor.get("/login")[1])

    def page() -> object:
        return visitor.get("/profile")

    def later() -> None:
        now.offset += _LATER
        page()

    tenant.ask(set_token_lifetime, 0)
    yield Step("Login", login)
    yield Step("Callback", lambda: visitor.get(way[0]))
    tenant.ask(set_token_lifetime, _DAY)
    yield Step("First page", page)
    yield Step("Page", page)
    yield Step("Page that notes activity", later)
    yield Step("Refresh of a token", lambda: visitor.get("/token"))
    yield Step("Logout", lambda: visitor.get("/logout"))


def _logout_from_outside(tenant: RemoteTenant, app: Flask) -> Step:
    Visitor(app).log_in()
    form = {"logout_token": tenant.ask(logout_token_of_newest)}
    client = app.test_client()

    def end() -> None:
        answer = client.post("/backchannel-logout", data=form)
        if answer.status_code != 200:
            raise RuntimeError(f"A logout is answered with {answer.text}")

    return Step("Back-channel logout", end)


def _numbers(place: Place, commands: Commands) -> str:
    reads = sum(n for name, n in commands.items() if name in place.reading)
    return f"{reads} + {commands.total() - reads}"


def _texts(commands: Commands) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(commands.items())) or "none"
