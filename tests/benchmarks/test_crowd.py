"""The simulation of many logins keeps to the rules that the extension has."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.crowd import Costs, Outcome, Simulation, Site, Storm
from benchmarks.limited import Bucket

COSTS = Costs(login=0.002, callback=0.006, refused=0.001, page=0.001, answer=0.15)
#: A site whose places take 40 logins in a second, and a tenant that takes all of them.
SITE = Site(workers=2, threads=8, places=3)
STORM = Storm(users=1000, within=3, pages=50, rate=1000, burst=1000)
SLOW = dataclasses.replace(STORM, slow=(5.0, 60.0))


def outcome_of(site: Site = SITE, storm: Storm = STORM, seed: int = 1) -> Outcome:
    return Simulation(COSTS, site, storm, [5.0], seed).run()


def longest_page(outcome: Outcome) -> float:
    return max(took for _, took in outcome.pages)


def in_busiest_second(moments: list[float]) -> int:
    """How many of these are within a second, at most."""
    return max(sum(0 <= each - first < 1 for each in moments) for first in moments)


@pytest.mark.parametrize("storm", [STORM, SLOW], ids=["quick", "slow"])
@pytest.mark.parametrize("places", [1, 3, None])
def test_everybody_gets_in(storm: Storm, places: int | None) -> None:
    site = dataclasses.replace(SITE, places=places)
    assert len(outcome_of(site, storm).done) == storm.users


def test_the_same_seed_is_the_same_storm() -> None:
    assert outcome_of() == outcome_of()
    assert outcome_of(seed=2) != outcome_of()


def test_no_more_than_the_places_take() -> None:
    busiest = in_busiest_second(outcome_of().done)
    at_most = SITE.workers * 3 / COSTS.answer
    assert 0.8 * at_most < busiest <= at_most + 2 * SITE.workers * 3


def test_no_more_than_the_tenant_takes() -> None:
    storm = dataclasses.replace(STORM, rate=20, burst=20)
    outcome = outcome_of(storm=storm)
    assert outcome.limited > 0
    # Those that there were at first, and those of a second.
    assert in_busiest_second(outcome.done) <= 40
    assert max(outcome.done) > (storm.users - storm.burst) / storm.rate


def test_without_a_bound_a_slow_tenant_stops_all_pages() -> None:
    assert longest_page(outcome_of(SITE, SLOW)) < 1
    without = dataclasses.replace(SITE, places=None)
    assert longest_page(outcome_of(without, SLOW)) > 5


def test_everybody_is_somewhere() -> None:
    ((logged_in, at_503, waiting),) = outcome_of().seen.values()
    assert logged_in > 0
    assert at_503 > 0
    # The others are at the tenant, or have not come yet.
    assert logged_in + at_503 + waiting <= STORM.users


def test_a_bucket_tells_when_there_is_one_again() -> None:
    bucket = Bucket(rate=2, most=3)
    assert [bucket.take(0) for _ in range(5)] == [None, None, None, 1, 1]
    assert [bucket.take(1) for _ in range(3)] == [None, None, 1]
    # It does not collect more than it holds.
    assert [bucket.take(100) for _ in range(4)] == [None, None, None, 1]
