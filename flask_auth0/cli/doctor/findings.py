"""What a check has found."""

from __future__ import annotations

import typing as t

from ...config import Problem

#: The levels of findings.
OK, WARNING, WRONG, SKIPPED = "ok", "warning", "wrong", "skipped"


class Verdict(t.NamedTuple):
    """What a check says: a sentence, and what to do where that is needed."""

    level: str
    told: str
    remedy: str = ""
    #: A word for programs, where the start of an app has one.
    code: str = ""


class Finding(t.NamedTuple):
    """A verdict, with the name of its check."""

    check: str
    level: str
    told: str
    remedy: str
    code: str


def ok(told: str) -> Verdict:
    """Return the verdict that something is as it should be."""
    return Verdict(OK, told)


def warning(told: str, remedy: str = "") -> Verdict:
    """Return the verdict that something works, and may fail later."""
    return Verdict(WARNING, told, remedy)


def wrong(told: str, remedy: str = "") -> Verdict:
    """Return the verdict that something does not work."""
    return Verdict(WRONG, told, remedy)


def of_problem(problem: Problem | str) -> Verdict:
    """Return the verdict that the start of the app finds as well."""
    if isinstance(problem, str):
        return wrong(f"{problem.rstrip('.')}.")
    level = WARNING if problem.is_warning else WRONG
    return Verdict(level, f"{str(problem).rstrip('.')}.", "", problem.code)
