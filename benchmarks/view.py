"""What a request to a protected view costs, without a server around it."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import redis
import sqlalchemy as sa
from flask import Flask

from flask_auth0.testing import logged_in_client
from tests.harness import postgres_server

from . import ours, plain, recipe, rivals
from .lab import Lab
from .report import Table
from .timing import Timing, interleave, microseconds
from .visitor import Visitor

BARE = "Flask, nobody asked who they are"
KEYED = "Flask with a SECRET_KEY, nobody asked who they are"
SIGNED = "Flask, user in the signed cookie"
LOGIN = "Flask-Login"
OURS_COOKIE = "flask_auth0, cookies"
OURS_UNKNOWN = "flask_auth0, cookies, others each time"
RECIPE_COOKIE = "the recipe, cookies"
SIGNED_OPEN = "Flask, user in the signed cookie, a view for all"
OURS_OPEN = "flask_auth0, cookies, a view for all"
OURS_NOBODY = "flask_auth0, nobody asked who they are, no cookie"
SESSION = "Flask-Session, user in Redis"
OURS_REDIS = "flask_auth0, Redis"
OURS_REDIS_UNKNOWN = "flask_auth0, Redis, others each time"
RECIPE_REDIS = "the recipe, Redis"
SESSION_SQL = "Flask-Session, user in PostgreSQL"
OURS_SQL = "flask_auth0, PostgreSQL"
OURS_SQL_UNKNOWN = "flask_auth0, PostgreSQL, others each time"

#: What is compared with what.
RIVALS = {
    LOGIN: SIGNED,
    OURS_COOKIE: SIGNED,
    OURS_UNKNOWN: SIGNED,
    RECIPE_COOKIE: SIGNED,
    OURS_OPEN: SIGNED_OPEN,
    OURS_NOBODY: BARE,
    OURS_REDIS: SESSION,
    OURS_REDIS_UNKNOWN: SESSION,
    RECIPE_REDIS: SESSION,
    OURS_SQL: SESSION_SQL,
    OURS_SQL_UNKNOWN: SESSION_SQL,
}

#: Bytes of an access token.
_TOKENS = 1500
#: What only reads, of the commands that these apps give to Redis.
_READING = {"exists", "get", "mget", "ttl", "zrangebyscore"}


def measure(lab: Lab) -> list[Table]:
    """Time all the apps, and count what they ask of Redis."""
    size = lab.size
    on_redis = _on_redis(lab.redis_url, size.crowd)
    with _on_postgresql(lab) as on_postgresql:
        in_cookies = {name: make() for name, make in in_cookies_of(size.crowd).items()}
        calls = {**in_cookies, **on_redis, **on_postgresql}
        timings = interleave(calls, size.rounds, size.calls)
    return [_times(timings), _commands(lab.redis_url, on_redis)]


def in_cookies_of(crowd: int) -> dict[str, Callable[[], Callable[[], None]]]:
    """Return what makes each contender that keeps its sessions in cookies.

    :param crowd: browsers that come one after the other, of too many to be known.
    """
    return {
        BARE: lambda: Visitor(plain.bare()).repeated("/profile"),
        KEYED: lambda: Visitor(plain.with_key(plain.bare())).repeated("/profile"),
        SIGNED: lambda: _logged_in(plain.signed_cookie()),
        LOGIN: lambda: _logged_in(rivals.flask_login_in_cookies()),
        OURS_COOKIE: lambda: _logged_in(ours.ours_in_cookies()),
        OURS_UNKNOWN: lambda: _crowd(ours.ours_in_cookies(), crowd),
        RECIPE_COOKIE: lambda: _logged_in(recipe.recipe_in_cookies()),
        SIGNED_OPEN: lambda: _logged_in(plain.signed_cookie(), "/open"),
        OURS_OPEN: lambda: _logged_in(ours.ours_in_cookies(), "/open"),
        OURS_NOBODY: lambda: Visitor(ours.ours_in_cookies()).repeated("/open"),
    }


def _on_redis(url: str, crowd: int) -> dict[str, Callable[[], None]]:
    return {
        SESSION: _logged_in(rivals.flask_session_on_redis(f"{url}/1")),
        OURS_REDIS: _logged_in(ours.ours_on_redis(f"{url}/2")),
        OURS_REDIS_UNKNOWN: _crowd(ours.ours_on_redis(f"{url}/4"), crowd),
        RECIPE_REDIS: _logged_in(recipe.recipe_on_redis(f"{url}/3")),
    }


@contextmanager
def _on_postgresql(lab: Lab) -> Iterator[dict[str, Callable[[], None]]]:
    """Yield the same in PostgreSQL, where there is one."""
    if not postgres_server.is_installed():
        yield {}
        return
    with postgres_server.running_postgres(lab.folder / "postgres") as socket:
        url = f"postgresql+psycopg://postgres@/{{}}?host={socket}"
        theirs, mine, crowds = (_database(url, name) for name in ("a", "b", "c"))
        yield {
            SESSION_SQL: _logged_in(rivals.flask_session_on_postgresql(theirs)),
            OURS_SQL: _logged_in(ours.ours_on_postgresql(mine)),
            OURS_SQL_UNKNOWN: _crowd(ours.ours_on_postgresql(crowds), lab.size.crowd),
        }


def _database(url: str, name: str) -> str:
    """Make a database, and return its URL."""
    engine = sa.create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return url.format(name)


def _logged_in(app: Flask, path: str = "/profile") -> Callable[[], None]:
    visitor = Visitor(app)
    visitor.log_in()
    return visitor.repeated(path)


def _crowd(app: Flask, size: int) -> Callable[[], None]:
    """Return what comes from another browser each time."""
    app.testing = True
    visitors = [_one_of_many(app, n) for n in range(size)]
    app.testing = False
    calls = itertools.cycle([each.repeated("/profile") for each in visitors])

    def call() -> None:
        next(calls)()

    return call


def _one_of_many(app: Flask, number: int) -> Visitor:
    claims = {**plain.USER, "sub": f"auth0|{number}"}
    token = secrets.token_hex(_TOKENS // 2)
    client = logged_in_client(app, access_token=token, **claims)
    visitor = Visitor(app)
    for name in ("session", "session_a0_head0", "session_a0_body0"):
        cookie = client.get_cookie(name, domain="localhost")
        if cookie is not None:
            visitor.cookies[name] = cookie.value
    return visitor


def _times(timings: dict[str, Timing]) -> Table:
    headings = ["App", "µs", "CPU µs", "to bare Flask", "to rival", "CPU to rival"]
    rows = [_row(name, timings) for name in timings]
    return Table("A protected view, in process", headings, rows)


def _commands(url: str, calls: Mapping[str, Callable[[], None]]) -> Table:
    with redis.Redis.from_url(url) as client:
        rows = [[name, *_asked(client, call)] for name, call in calls.items()]
    return Table(
        "What a protected view asks of Redis", ["App", "Reads", "Writes"], rows
    )


def _asked(client: redis.Redis, call: Callable[[], None]) -> tuple[str, str]:
    """Return the commands of a request, those that read and those that write."""
    client.config_resetstat()
    call()
    found = client.info("commandstats")
    counts = {name.removeprefix("cmdstat_"): found[name]["calls"] for name in found}
    own = {"info", "config"}
    texts = {name: f"{n} {name}" for name, n in counts.items() if name not in own}
    reads = [text for name, text in texts.items() if name in _READING]
    writes = [text for name, text in texts.items() if name not in _READING]
    return ", ".join(reads) or "0", ", ".join(writes) or "0"


def _row(name: str, timings: dict[str, Timing]) -> list[str]:
    timing, rival = timings[name], timings.get(RIVALS.get(name, ""))
    return [
        name,
        microseconds(timing.wall),
        microseconds(timing.cpu),
        f"{timing.ratio(timings[BARE]):.2f}",
        f"{timing.ratio(rival):.2f}" if rival else "",
        f"{timing.cpu_ratio(rival):.2f}" if rival else "",
    ]
