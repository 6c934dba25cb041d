"""Checks of what is installed beside the app."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator

from .examination import Check
from .findings import Verdict, ok, wrong
from .subject import Subject

#: The distribution of another project that has a package of the same name.
_OTHER = "flask-auth0"


def _distribution(subject: Subject) -> Iterator[Verdict]:
    """Find the other project's package, whose files are in the same folder."""
    if _is_other():
        told = "'flask-auth0' is installed, which is another project's package."
        advice = f"pip uninstall {_OTHER}, and install flask-auth0-server again."
        yield wrong(told, advice)
    else:
        yield ok("No other package is called flask_auth0.")


def _is_other() -> bool:
    try:
        found = importlib.metadata.distribution(_OTHER)
    except importlib.metadata.PackageNotFoundError:
        return False
    ours = found.entry_points.select(group="flask.commands", name="auth0")
    return not ours


CHECKS = (Check("installation", _distribution),)
