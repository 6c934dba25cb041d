"""The benchmark of stores works, and counts what the documentation promises."""

from __future__ import annotations

import pytest

from .printed import Tables, one, tables_of

#: The places that need nothing but Python packages, all of which the tests have.
EVERYWHERE = {"Redis", "SQLite", "cachelib", "MongoDB", "DynamoDB"}
READS, WEIGHTS = "Commands of a request", "What a session takes"
#: The column of a page of somebody who is known.
PAGE = 3


@pytest.fixture(scope="module")
def tables(redis_binary: str) -> Tables:
    """The cells of each table, by its title and the name of the row."""
    return tables_of("scale")


def test_every_store_is_weighed(tables: Tables) -> None:
    rows = one(tables, WEIGHTS)
    assert {name.partition(" (")[0] for name in rows} >= EVERYWHERE
    for name, (_, size, index, *_) in rows.items():
        assert 0 < int(index.replace(",", "")) < int(size.replace(",", "")), name


def test_a_page_writes_nothing_at_any_store(tables: Tables) -> None:
    rows = one(tables, READS)
    assert set(rows) >= EVERYWHERE
    assert all(cells[PAGE].endswith(" + 0") for cells in rows.values()), rows
    assert rows["Redis"][PAGE] == "1 + 0"


def test_a_page_waits_once_wherever_its_session_is(tables: Tables) -> None:
    rows = one(tables, "Round trips of a request")
    assert {"Redis", "Redis Cluster", "DynamoDB"} <= set(rows)
    assert {name for name, cells in rows.items() if cells[PAGE] != "1"} == set()


def test_units_of_dynamodb_are_those_of_its_commands(tables: Tables) -> None:
    units = one(tables, "Units at DynamoDB")
    assert units["Page"] == ["2", "0"]
    # The user in one item, of less than a kilobyte, with its lock before and after.
    assert units["Page that notes activity"] == ["3", "3"]


def test_what_fits_follows_from_what_one_takes(tables: Tables) -> None:
    (size,) = (row[1] for name, row in one(tables, WEIGHTS).items() if "Redis" in name)
    fits = one(tables, "What a Redis holds")["10 GB"][0]
    expected = 0.75 * 10**10 / int(size.replace(",", ""))
    assert int(fits.replace(",", "")) == pytest.approx(expected, rel=0.05)
