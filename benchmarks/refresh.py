"""What it costs to find an access token expired, alone and many at the same time."""

from __future__ import annotations

import functools
import sys
import threading
import time
import typing as t
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from flask import Flask

from . import ours, recipe
from .lab import Lab
from .report import Table
from .tenant import RemoteTenant, count_refreshes, set_token_lifetime
from .timing import Timing, interleave, milliseconds
from .visitor import Visitor

#: Without one, the recipe cannot use what a refresh has brought.
_API = "https://api.example.com"
_OURS, _RECIPE = "flask_auth0, Redis", "the recipe, Redis"
_DAY = 86400


def measure(lab: Lab) -> list[Table]:
    """Refresh the token of one session, and of one session for many callers."""
    apps = {
        "flask_auth0, cookies": ours.ours_in_cookies(AUTH0_AUDIENCE=_API),
        _OURS: ours.ours_on_redis(f"{lab.redis_url}/1", AUTH0_AUDIENCE=_API),
        _RECIPE: recipe.recipe_on_redis(f"{lab.redis_url}/2", audience=_API),
    }
    return [
        _crowds(lab, apps),
        _round_trips(lab, {n: apps[n] for n in (_OURS, _RECIPE)}),
    ]


def _crowds(lab: Lab, apps: dict[str, Flask]) -> Table:
    callers = lab.size.callers
    rows = [[name, *_crowd(lab.tenant, app, callers)] for name, app in apps.items()]
    title = f"{callers} callers of one session whose token has expired"
    headings = ["App", "Token requests", "New connections", "Got a token", "ms"]
    return Table(title, headings, rows)


def _crowd(tenant: RemoteTenant, app: Flask, callers: int) -> list[str]:
    # Once for one caller, so that there are connections to be used again.
    _expired(tenant, app).status("/token")
    visitor = _expired(tenant, app)
    counter = _connections(urlsplit(f"//{tenant.environment['AUTH0_DOMAIN']}").port)
    requests, connections = tenant.ask(count_refreshes), counter.count
    began = time.perf_counter()
    succeeded = _at_once(visitor, callers)
    return [
        str(tenant.ask(count_refreshes) - requests),
        str(counter.count - connections),
        str(succeeded),
        milliseconds([time.perf_counter() - began]),
    ]


def _expired(tenant: RemoteTenant, app: Flask) -> Visitor:
    """Return somebody whose access token was no good from the start."""
    tenant.ask(set_token_lifetime, 0)
    visitor = Visitor(app)
    visitor.log_in_at_last()
    tenant.ask(set_token_lifetime, _DAY)
    return visitor


def _at_once(visitor: Visitor, callers: int) -> int:
    """Ask for the token from many threads, and return how many have got it."""
    barrier = threading.Barrier(callers)

    def call(_: int) -> bool:
        barrier.wait()
        return visitor.status("/token") == 200

    with ThreadPoolExecutor(callers) as pool:
        return sum(pool.map(call, range(callers)))


class _Connections:
    """Counts the connections that this process makes to a port, each a handshake."""

    def __init__(self, port: int | None) -> None:
        self.count = 0
        self._port = port

    def __call__(self, event: str, args: tuple[t.Any, ...]) -> None:
        if event == "socket.connect" and args[1][1:2] == (self._port,):
            self.count += 1


@functools.cache
def _connections(port: int | None) -> _Connections:
    """Return the only counter: Python never lets go of one."""
    counter = _Connections(port)
    sys.addaudithook(counter)
    return counter


def _round_trips(lab: Lab, apps: dict[str, Flask]) -> Table:
    contenders = {name: _refreshing(lab.tenant, app) for name, app in apps.items()}
    timings = interleave(contenders, lab.size.logins, 1)
    lab.tenant.ask(set_token_lifetime, _DAY)
    rows = [_row(name, timings) for name in timings]
    return Table("One refresh", ["App", "ms", "CPU ms", "to the recipe"], rows)


def _row(name: str, timings: dict[str, Timing]) -> list[str]:
    timing = timings[name]
    ratio = f"{timing.ratio(timings[_RECIPE]):.2f}"
    return [name, milliseconds(timing.wall), milliseconds(timing.cpu), ratio]


def _refreshing(tenant: RemoteTenant, app: Flask) -> Callable[[], None]:
    """Return what gets a new token each time, as no token is good for long."""
    visitor = _expired(tenant, app)
    tenant.ask(set_token_lifetime, 0)

    def call() -> None:
        status = visitor.status("/token")
        if status != 200:
            raise RuntimeError(f"A refresh ends with status {status}.")

    return call
