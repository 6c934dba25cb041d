"""Storms: many people who log in after an outage, and many sessions that are ended."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from . import logout_storm, real_storm
from .crowd import Costs, Outcome, Simulation, Site, Storm
from .lab import Lab
from .report import Table

#: How the simulated sites run: the first one as the documentation recommends.
_SITES = {
    "4 x 8, 3": Site(4, 8, 3),
    "4 x 8, no bound": Site(4, 8, None),
    "8 x 8, 3": Site(8, 8, 3),
    "8 x 8, no bound": Site(8, 8, None),
    "8 x 16, 8": Site(8, 16, 8),
}
#: The tenant: how many codes it takes in a second, and how slow it is for how long,
#: where an outage ends slowly.
_RATE, _SLOW = 100, (5.0, 300.0)
#: Seconds in which two thirds of a hundred thousand people come.
_WITHIN = 120.0
#: Pages in a second that others ask for meanwhile.
_PAGES = 100.0
#: When to look who is where, in seconds.
_TIMES = (10, 60, 300, 600, 1200, 1800)


def measure(lab: Lab) -> list[Table]:
    """Measure requests, simulate the storms, and let smaller ones really happen."""
    costs, real = real_storm.costs_of(lab), real_storm.storm(lab)
    quick, slow = _storms(lab)
    rows = {f"{name}": _simulated(costs, site, quick) for name, site in _SITES.items()}
    after = {
        f"{name}, slow at first": _simulated(costs, _SITES[name], slow)
        for name in ("4 x 8, 3", "4 x 8, no bound")
    }
    return [
        _costs(costs),
        _storm_table(lab, rows | after),
        _course("as the tenant is quick", rows["4 x 8, 3"]),
        _course("as it is slow at first", after["4 x 8, 3, slow at first"]),
        _compared(lab, costs, real),
        *logout_storm.measure(lab),
    ]


def _storms(lab: Lab) -> tuple[Storm, Storm]:
    users = lab.size.stormers
    within = _WITHIN * users / 100_000
    quick = Storm(users, within, _PAGES, _RATE, _RATE)
    return quick, Storm(users, within, _PAGES, _RATE, _RATE, slow=_SLOW)


def _simulated(costs: Costs, site: Site, storm: Storm) -> Outcome:
    return Simulation(costs, site, storm, _TIMES).run()


def _costs(costs: Costs) -> Table:
    rows = [
        ["The way to a login", _ms(costs.login)],
        ["A callback", _ms(costs.callback)],
        ["A callback that is refused", _ms(costs.refused)],
        ["A page of who is logged in", _ms(costs.page)],
        ["A callback, with the wait for the tenant", _ms(costs.answer)],
    ]
    title = "What a storm is made of: processor time of the server, and one wait"
    return Table(title, ["Request", "ms"], rows)


def _storm_table(lab: Lab, outcomes: dict[str, Outcome]) -> Table:
    title = f"{lab.size.stormers:,} people log in, simulated"
    headings = [
        *("Workers x threads, places", "Half are in, min", "All but 1 %, min"),
        *("A login takes, min", "503 for each", "429 of the tenant"),
        *("A page, ms", "99 % of pages, ms", "the longest, s"),
    ]
    return Table(title, headings, [_row(n, each) for n, each in outcomes.items()])


def _row(name: str, outcome: Outcome) -> list[str]:
    pages = [took for _, took in outcome.pages]
    return [
        name,
        _minutes(at(outcome.done, 0.5)),
        _minutes(at(outcome.done, 0.99)),
        _minutes(at(outcome.took, 0.5)),
        f"{outcome.refused / max(len(outcome.done), 1):.1f}",
        f"{outcome.limited:,}",
        _ms(at(pages, 0.5)),
        _ms(at(pages, 0.99)),
        f"{max(pages, default=0.0):.1f}",
    ]


def _course(title: str, outcome: Outcome) -> Table:
    headings = ["After", "Logged in", "Look at a page with 503", "Wait for an answer"]
    rows = [
        [_after(moment), *(f"{number:,}" for number in found)]
        for moment, found in outcome.seen.items()
    ]
    return Table(f"Who is where, 4 x 8, 3, {title}", headings, rows)


def _compared(lab: Lab, costs: Costs, real: Outcome) -> Table:
    site, storm = real_storm.SITE, real_storm.storm_of(lab.size.real_stormers)
    simulated = Simulation(costs, site, storm).run()
    title = (
        f"{storm.users} people come back from the tenant at once, "
        f"{site.workers} x {site.threads}, {site.places} places"
    )
    headings = [
        *("Storm", "Half are in, s", "All but 5 %, s", "503", "429 of the tenant"),
        *("A page, ms", "99 % of pages, ms"),
    ]
    rows = [
        _small_row("real", real),
        _small_row("simulated", simulated),
    ]
    return Table(title, headings, rows)


def _small_row(name: str, outcome: Outcome) -> list[str]:
    pages = [took for _, took in outcome.pages]
    return [
        name,
        f"{at(outcome.done, 0.5):.1f}",
        f"{at(outcome.done, 0.95):.1f}",
        str(outcome.refused),
        str(outcome.limited),
        _ms(statistics.median(pages)),
        _ms(at(pages, 0.99)),
    ]


def at(found: Iterable[float], share: float) -> float:
    """Return what so large a share of the numbers is below."""
    ordered: Sequence[float] = sorted(found)
    if not ordered:
        return 0.0
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _after(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"
