"""The benchmark of storms works: people get in, and sessions end."""

from __future__ import annotations

import pytest

from benchmarks.lab import QUICK

from .printed import Tables, one, tables_of


@pytest.fixture(scope="module")
def tables(redis_binary: str) -> Tables:
    """The cells of each table, by its title and the name of the row."""
    return tables_of("storms")


def test_each_request_has_its_cost(tables: Tables) -> None:
    costs = {name: float(cells[0]) for name, cells in one(tables, "What a st").items()}
    assert min(costs.values()) > 0
    assert costs["A callback that is refused"] < costs["A callback"]
    # The tenant took its time.
    assert costs["A callback, with the wait for the tenant"] > 150


def test_every_site_is_simulated(tables: Tables) -> None:
    rows = one(tables, f"{QUICK.stormers} people log in")
    assert {name.partition(",")[0] for name in rows} == {"4 x 8", "8 x 8", "8 x 16"}
    assert all(float(cells[1]) > 0 for cells in rows.values())


def test_in_the_end_almost_everybody_is_in(tables: Tables) -> None:
    *_, last = one(tables, "Who is where, 4 x 8, 3, as the tenant is quick").values()
    assert int(last[0]) + int(last[1]) + int(last[2]) <= QUICK.stormers
    assert int(last[0]) > QUICK.stormers / 2


def test_the_storm_happened_as_well(tables: Tables) -> None:
    rows = one(tables, f"{QUICK.real_stormers} people come back")
    assert set(rows) == {"real", "simulated"}
    # Nobody was refused: the places of the workers were enough for so few.
    assert {cells[2] for cells in rows.values()} == {"0"}


def test_sessions_end_in_both_storms(tables: Tables) -> None:
    rows = one(tables, f"{QUICK.storm_of_logouts[0]} logout tokens")
    assert list(rows) == ["none", "in 2 s", "as quickly as may be"]
    paced, quick = (float(rows[name][0]) for name in list(rows)[1:])
    assert paced < quick
