"""What a login costs: the way to the tenant, and the callback."""

from __future__ import annotations

from flask import Flask

from . import ours, plain, recipe
from .lab import Lab
from .report import Table
from .timing import Stopwatch, Timing, milliseconds
from .visitor import Visitor, authorize

_RIVALS = {
    "flask_auth0, cookies": "the recipe, cookies",
    "flask_auth0, Redis": "the recipe, Redis",
}
#: Logins of which one has to succeed.
_ENOUGH = 10


class Logins:
    """The logins to one app.

    :param app: the app. Its first login, which asks the tenant where its endpoints and
        its keys are, is over when this is made.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.failed = 0
        #: Of those that succeeded.
        self.good = Timing()
        #: Of those and of the failed ones before them.
        self.all = Timing()
        self._until_success(Stopwatch())

    def one_more(self) -> None:
        """Log in, again and again if need be."""
        whole = Stopwatch()
        failures, last = self._until_success(whole)
        self.failed += failures
        self.good.add(last)
        self.all.add(whole)

    def _until_success(self, whole: Stopwatch) -> tuple[int, Stopwatch]:
        for failures in range(_ENOUGH):
            watch = Stopwatch()
            try:
                _log_in(Visitor(self._app), watch)
            except RuntimeError:
                continue
            finally:
                whole.add(watch)
            return failures, watch
        raise RuntimeError(f"None of {_ENOUGH} logins succeeded.")


def measure(lab: Lab) -> list[Table]:
    """Log in to each app in turn. What the tenant and the browser do is not counted."""
    logins = {
        "flask_auth0, cookies": Logins(ours.ours_in_cookies()),
        "the recipe, cookies": Logins(recipe.recipe_in_cookies()),
        "flask_auth0, Redis": Logins(ours.ours_on_redis(f"{lab.redis_url}/1")),
        "the recipe, Redis": Logins(recipe.recipe_on_redis(f"{lab.redis_url}/2")),
    }
    for _ in range(lab.size.logins):
        for each in logins.values():
            each.one_more()
    headings = [
        *("App", "ms", "CPU ms", "CPU to rival", "Failed before"),
        *("CPU ms with these", "to rival with these"),
    ]
    rows = [_row(name, logins) for name in logins]
    return [Table(f"A login, {lab.size.logins} times", headings, rows)]


def _row(name: str, logins: dict[str, Logins]) -> list[str]:
    own, rival = logins[name], logins.get(_RIVALS.get(name, ""))
    return [
        name,
        milliseconds(own.good.wall),
        milliseconds(own.good.cpu),
        f"{own.good.cpu_ratio(rival.good):.2f}" if rival else "",
        str(own.failed),
        milliseconds(own.all.cpu),
        f"{own.all.cpu_ratio(rival.all):.2f}" if rival else "",
    ]


def _log_in(visitor: Visitor, watch: Stopwatch) -> None:
    with watch.running():
        location = visitor.get("/login")[1]
    callback = authorize(location)
    with watch.running():
        visitor.get(callback)
    if visitor.get("/profile")[0] != plain.GREETING:
        raise RuntimeError("Nobody is logged in.")
