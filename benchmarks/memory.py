"""How much room the extension takes: in Redis, in cookies, in a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import redis
from flask import Flask

from . import ours, plain, recipe, rivals
from .lab import Lab
from .report import Table
from .serving import PROGRAMS, environment
from .visitor import Visitor


def measure(lab: Lab) -> list[Table]:
    """Weigh sessions, and processes."""
    return [_sessions(lab), _cookies(), _processes(lab)]


def _sessions(lab: Lab) -> Table:
    makers: dict[str, Callable[[str], Flask]] = {
        "Flask-Session, user in Redis": rivals.flask_session_on_redis,
        "flask_auth0, Redis": ours.ours_on_redis,
        "the recipe, Redis": recipe.recipe_on_redis,
    }
    rows = [
        [name, _weighed(make, f"{lab.redis_url}/{number}", lab.size.weighed)]
        for number, (name, make) in enumerate(makers.items(), 1)
    ]
    return Table("Memory of a session in Redis", ["App", "Bytes"], rows)


def _weighed(make: Callable[[str], Flask], url: str, count: int) -> str:
    """Return what the keys of so many sessions take, by Redis' own account."""
    app = make(url)
    with redis.Redis.from_url(url) as client:
        for _ in range(count):
            Visitor(app).log_in_at_last()
        used = sum(client.memory_usage(key) or 0 for key in client.scan_iter())
    return f"{used / count:,.0f}"


def _cookies() -> Table:
    apps = {
        "Flask, user in the signed cookie": plain.signed_cookie(),
        "Flask-Login": rivals.flask_login_in_cookies(),
        "flask_auth0, cookies": ours.ours_in_cookies(),
        "the recipe, cookies": recipe.recipe_in_cookies(),
    }
    rows = [[name, *_cookie_sizes(app)] for name, app in apps.items()]
    headings = ["App", "Cookies", "Bytes in all", "Bytes of the largest"]
    return Table("Cookies of a session; browsers drop those over 4096", headings, rows)


def _cookie_sizes(app: Flask) -> list[str]:
    visitor = Visitor(app)
    visitor.log_in_at_last()
    visitor.get("/profile")
    sizes = [len(name) + 1 + len(value) for name, value in visitor.cookies.items()]
    return [str(len(sizes)), f"{sum(sizes):,}", f"{max(sizes):,}"]


def _processes(lab: Lab) -> Table:
    sizes = {name: _resident(lab, name) for name in PROGRAMS}
    least = sizes[next(iter(sizes))]
    rows = [
        [PROGRAMS[name].title, f"{size / 2**20:.0f}", f"{(size - least) / 2**20:.0f}"]
        for name, size in sizes.items()
    ]
    return Table("Memory of a process", ["App", "MiB", "more than Flask"], rows)


def _resident(lab: Lab, name: str) -> int:
    command = [sys.executable, "-m", "benchmarks.footprint"]
    env = {**os.environ, **environment(lab, name)}
    done = subprocess.run(command, env=env, capture_output=True, check=True, text=True)  # noqa: S603
    return int(done.stdout)
