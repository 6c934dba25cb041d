"""The tables that the benchmark prints, read again."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.harness.processes import ROOT, environment

#: The title, the headings, a line, and the rows.
TABLE = r"^(.+)\n\n.+\n-+\n((?:.+\n)+)"

Tables = dict[str, dict[str, list[str]]]


def tables_of(*parts: str) -> Tables:
    """The cells of each table of some quick parts, by its title and name of the row."""
    command = [sys.executable, "-m", "benchmarks", "--quick", *parts]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment({}), cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return dict(map(_parsed, re.findall(TABLE, done.stdout, re.MULTILINE)))


def one(tables: Tables, title: str) -> dict[str, list[str]]:
    """The table whose title begins like this."""
    return next(rows for name, rows in tables.items() if name.startswith(title))


def _parsed(found: tuple[str, str]) -> tuple[str, dict[str, list[str]]]:
    """The title of a table, and its rows."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in found[1].splitlines()]
    return found[0], {name: cells for name, *cells in lines}
