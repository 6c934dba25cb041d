"""What a request to a protected view costs, without a server around it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from . import apps, recipe
from .report import Table
from .timing import Timing, interleave, microseconds
from .visitor import Visitor

BARE = "Flask, nobody asked who they are"
SIGNED = "Flask, user in the signed cookie"
LOGIN = "Flask-Login"
OURS_COOKIE = "flask_auth0, cookies"
RECIPE_COOKIE = "the recipe, cookies"
SESSION = "Flask-Session, user in Redis"
OURS_REDIS = "flask_auth0, Redis"
RECIPE_REDIS = "the recipe, Redis"

#: What is compared with what.
_RIVALS = {
    LOGIN: SIGNED,
    OURS_COOKIE: SIGNED,
    RECIPE_COOKIE: SIGNED,
    OURS_REDIS: SESSION,
    RECIPE_REDIS: SESSION,
}


def measure(redis_url: str, rounds: int, calls: int) -> Table:
    """Time all the apps.

    :param redis_url: of an empty Redis.
    :param calls: of each app in each round.
    """
    timings = interleave(contenders(redis_url), rounds, calls)
    rows = [_row(name, timings) for name in timings]
    headings = ["App", "µs", "CPU µs", "to bare Flask", "to rival", "CPU to rival"]
    return Table("A protected view, in process", headings, rows)


def contenders(redis_url: str) -> dict[str, Callable[[], None]]:
    """Return what requests the protected view of each app, logged in."""
    return {
        BARE: Visitor(apps.bare()).repeated("/profile", apps.GREETING),
        SIGNED: _logged_in(apps.signed_cookie()),
        LOGIN: _logged_in(apps.flask_login_in_cookies()),
        OURS_COOKIE: _logged_in(apps.ours_in_cookies()),
        RECIPE_COOKIE: _logged_in(recipe.recipe_in_cookies()),
        SESSION: _logged_in(apps.flask_session_on_redis(f"{redis_url}/1")),
        OURS_REDIS: _logged_in(apps.ours_on_redis(f"{redis_url}/2")),
        RECIPE_REDIS: _logged_in(recipe.recipe_on_redis(f"{redis_url}/3")),
    }


def _logged_in(app: Flask) -> Callable[[], None]:
    visitor = Visitor(app)
    visitor.log_in()
    return visitor.repeated("/profile", apps.GREETING)


def _row(name: str, timings: dict[str, Timing]) -> list[str]:
    timing, rival = timings[name], timings.get(_RIVALS.get(name, ""))
    return [
        name,
        microseconds(timing.wall),
        microseconds(timing.cpu),
        f"{timing.ratio(timings[BARE]):.2f}",
        f"{timing.ratio(rival):.2f}" if rival else "",
        f"{timing.cpu_ratio(rival):.2f}" if rival else "",
    ]
