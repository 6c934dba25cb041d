"""Checks of what is installed beside the app."""

from __future__ import annotations

from collections.abc import Iterator

from ... import deployment
from .examination import Check
from .findings import Verdict, of_problem, ok
from .subject import Subject


def _distribution(subject: Subject) -> Iterator[Verdict]:
    """Find the other project's package, whose files are in the same folder."""
    found = deployment.of_installation()
    yield from map(of_problem, found)
    if not found:
        yield ok("No other package is called flask_auth0.")


CHECKS = (Check("installation", _distribution),)
