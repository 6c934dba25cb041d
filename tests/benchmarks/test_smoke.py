"""The benchmark works: its quick parts print every row, and count what they promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.lab import QUICK
from benchmarks.report import Table
from tests.docs.pages import table
from tests.harness import postgres_server

from .printed import Tables, one, tables_of

PARTS = ["start", "view", "login", "refresh", "backchannel"]
OURS = ("flask_auth0, cookies", "flask_auth0, Redis")
RECIPE = ("the recipe, cookies", "the recipe, Redis")
#: The apps of each table, by what its title begins with.
ROWS = {
    "A start": {
        "import flask_auth0",
        "Auth0(app), cookies",
        "Auth0(app), Redis",
        "redis-py alone, connected",
    },
    "A protected view": {
        *OURS,
        *RECIPE,
        "flask_auth0, cookies, others each time",
        "flask_auth0, cookies, a view for all",
        "Flask, nobody asked who they are",
        "Flask with a SECRET_KEY, nobody asked who they are",
        "Flask, user in the signed cookie",
        "Flask, user in the signed cookie, a view for all",
        "flask_auth0, nobody asked who they are, no cookie",
        "flask_auth0, Redis, others each time",
        "Flask-Login",
        "Flask-Session, user in Redis",
    },
    "What a protected view asks": {
        OURS[1],
        RECIPE[1],
        "flask_auth0, Redis, others each time",
        "Flask-Session, user in Redis",
    },
    "A login": {*OURS, *RECIPE},
    f"{QUICK.callers} callers": {*OURS, RECIPE[1]},
    "One refresh": {OURS[1], RECIPE[1]},
    "A back-channel logout, sessions in Redis": {f"{n:,}" for n in QUICK.sessions},
}
if postgres_server.is_installed():
    ROWS["A protected view"] |= {
        "flask_auth0, PostgreSQL",
        "flask_auth0, PostgreSQL, others each time",
        "Flask-Session, user in PostgreSQL",
    }


@pytest.fixture(scope="module")
def tables(redis_binary: str) -> Tables:
    """The cells of each table, by its title and the name of the row."""
    return tables_of(*PARTS)


@pytest.mark.parametrize("title", ROWS)
def test_every_app_has_its_row(tables: Tables, title: str) -> None:
    rows = one(tables, title)
    assert set(rows) == ROWS[title]
    assert all(any(cell > "0" for cell in cells) for cells in rows.values())


def test_a_protected_view_reads_once_and_writes_nothing(tables: Tables) -> None:
    assert one(tables, "What a protected view asks")[OURS[1]] == ["1 mget", "0"]


@pytest.mark.parametrize("app", OURS)
def test_many_callers_refresh_once(tables: Tables, app: str) -> None:
    counts = one(tables, f"{QUICK.callers} callers")[app][:3]
    assert counts == ["1", "0", str(QUICK.callers)]


def test_callers_of_the_recipe_refresh_by_themselves(tables: Tables) -> None:
    """All of them, unless one comes when another has finished, on a busy machine."""
    requests, connections = one(tables, f"{QUICK.callers} callers")[RECIPE[1]][:2]
    assert requests == connections
    assert 1 <= int(requests) <= QUICK.callers


def test_a_table_for_the_documentation(tmp_path: Path) -> None:
    page = tmp_path / "performance.rst"
    made = Table("A title", ["App", "ms"], [["ours", "1.0"], ["theirs", "2.0"]])
    page.write_text(f"{made.rst()}\n")
    assert table(page, "App") == [["ours", "1.0"], ["theirs", "2.0"]]
