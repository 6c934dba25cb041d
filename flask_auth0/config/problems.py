"""Settings that are missing or wrong."""

from __future__ import annotations

import typing as t


class Problem(t.NamedTuple):
    """A setting that is missing or wrong, with its remedy."""

    key: str
    remedy: str


def key_of(name: str) -> str:
    """Return the configuration key of an option."""
    return f"AUTH0_{name.upper()}"
