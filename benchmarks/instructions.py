"""Counts the instructions of a request with Valgrind, which no other load changes."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import click

from .lab import Lab, Size
from .report import Table
from .view import BARE, KEYED, OURS_COOKIE, OURS_NOBODY, OURS_UNKNOWN, RIVALS, SIGNED

_NAMES = (BARE, KEYED, OURS_NOBODY, SIGNED, OURS_COOKIE, OURS_UNKNOWN)
#: How cachegrind tells what it has counted.
_COUNTED = r"I\s+refs:\s+([0-9,]+)"


def measure(lab: Lab) -> list[Table]:
    """Count the instructions of each app that keeps its sessions in cookies.

    :raises click.ClickException: where there is no Valgrind.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise click.ClickException("There is no valgrind: install the system's.")
    of = functools.partial(_of_a_call, valgrind, lab.size)
    # Valgrind makes a process many times slower, and what else runs changes no count.
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        counts = dict(zip(_NAMES, executor.map(of, _NAMES), strict=True))
    headings = ["App", "Thousands", "to bare Flask", "to rival"]
    rows = [_row(name, counts) for name in _NAMES]
    return [Table("Instructions of a request, counted", headings, rows)]


def _row(name: str, counts: dict[str, float]) -> list[str]:
    own, rival = counts[name], counts.get(RIVALS.get(name, ""))
    return [
        name,
        f"{own / 1000:.0f}",
        f"{own / counts[BARE]:.3f}",
        f"{own / rival:.3f}" if rival else "",
    ]


def _of_a_call(valgrind: str, size: Size, name: str) -> float:
    """Return the instructions of a call: what more calls take, beside the start."""
    few, many = size.counted
    less, more = (_of_process(valgrind, size, name, calls) for calls in (few, many))
    return (more - less) / (many - few)


def _of_process(valgrind: str, size: Size, name: str, calls: int) -> int:
    command = [
        *(valgrind, "--tool=cachegrind", "--cache-sim=no"),
        *("--cachegrind-out-file=/dev/null", sys.executable),
        *("-m", f"{__package__}.counted", name, str(calls), str(size.crowd)),
    ]
    # Otherwise each process has other collisions in its dictionaries.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(  # noqa: S603
        command, env=environment, capture_output=True, check=True, text=True
    )
    found = re.search(_COUNTED, done.stderr)
    if found is None:
        raise click.ClickException(f"Valgrind has counted nothing: {done.stderr}")
    return int(found[1].replace(",", ""))
