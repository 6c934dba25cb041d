"""A set whose members expire, as one value of a back end that has no sets."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterable

Members = dict[str, int]


def add(value: t.Any, member: str, max_age: int) -> bytes:
    """Return the value with one more member, and without those that have expired."""
    return _write({**_read(value), member: int(time.time()) + max_age})


def remove(value: t.Any, gone: Iterable[str]) -> bytes:
    """Return the value without some members."""
    gone = set(gone)
    return _write({k: v for k, v in _read(value).items() if k not in gone})


def names(value: t.Any) -> list[str]:
    """Return the members that have not expired."""
    return list(_read(value))


def _read(value: t.Any) -> Members:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else ""
    found = [line.partition(" ") for line in text.splitlines()]
    now = time.time()
    return {name: int(at) for at, _, name in found if at.isdecimal() and int(at) > now}


def _write(members: Members) -> bytes:
    return "\n".join(f"{at} {name}" for name, at in members.items()).encode()
