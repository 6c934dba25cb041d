"""How busy requests keep the app, and how busy its Redis."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis

from . import ours
from .lab import Lab
from .report import Table
from .shapes import API
from .visitor import Visitor


def table(lab: Lab) -> Table:
    """Look at pages, and log in, again and again."""
    url = f"{lab.redis_url}/12"
    app = ours.ours_on_redis(url, AUTH0_AUDIENCE=API)
    visitor = Visitor(app)
    visitor.log_in()
    size = lab.size
    works = {
        "Page": (visitor.repeated("/profile"), size.rounds * size.calls),
        "Login, with its callback": (lambda: Visitor(app).log_in(), size.logins),
    }
    with redis.Redis.from_url(url) as client:
        rows = [[name, *_busy(client, *work)] for name, work in works.items()]
    headings = ["Request", "of the app, µs", "of Redis, µs"]
    return Table("Processor's time of a request", headings, rows)


def _busy(client: redis.Redis, do: Callable[[], object], times: int) -> list[str]:
    app, server = time.process_time(), _cpu_seconds(client)
    for _ in range(times):
        do()
    found = time.process_time() - app, _cpu_seconds(client) - server
    return [f"{seconds / times * 10**6:,.0f}" for seconds in found]


def _cpu_seconds(client: redis.Redis) -> float:
    found = client.info("cpu")
    return float(found["used_cpu_user"] + found["used_cpu_sys"])
