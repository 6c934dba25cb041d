"""The part that counts instructions leaves out the start, and needs Valgrind."""

from __future__ import annotations

import typing as t
from pathlib import Path

import click
import pytest

from benchmarks.instructions import measure
from benchmarks.lab import QUICK, Lab
from benchmarks.view import BARE, OURS_COOKIE, OURS_UNKNOWN, SIGNED

#: A program that tells of instructions like Valgrind: 1,000 for a call of bare Flask,
#: 4,000 for one of any other app, and 5,000,000 for the start.
PROGRAM = """#!/bin/sh
shift 6
[ "$1" = "{bare}" ] && each=1000 || each=4000
echo "==1== I refs: $((5000 + $2 * each / 1000)),000" >&2
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A folder on the path with a program of that name."""
    program = tmp_path / "valgrind"
    program.write_text(PROGRAM.format(bare=BARE))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return Lab(t.cast(t.Any, None), "", tmp_path, QUICK)


def test_what_a_start_takes_does_not_count(lab: Lab) -> None:
    rows = {name: cells for name, *cells in measure(lab)[0].rows}
    assert rows[BARE] == ["1", "1.000", ""]
    assert rows[SIGNED] == ["4", "4.000", ""]
    assert rows[OURS_COOKIE] == rows[OURS_UNKNOWN] == ["4", "4.000", "1.000"]


def test_without_valgrind(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(click.ClickException, match="no valgrind"):
        measure(lab)
