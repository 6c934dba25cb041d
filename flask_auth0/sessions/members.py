"""Labels for a back end that has no sets: one value each, whose members expire."""

from __future__ import annotations

import time
import typing as t
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence

from .interface import StoreInterface

Members = dict[str, int]
#: Returns what a label is to be instead of what it was.
Change = Callable[[bytes | None], bytes]


class LabelsInValues(StoreInterface):
    """Keeps the labels of records as values; a subclass changes them safely."""

    @abstractmethod
    def change(self, key: str, change: Change, max_age: int) -> None:
        """Change a value that others may change at the same time, losing nothing.

        One that becomes empty may be removed.
        """

    def label(self, name: str, record: str, max_age: int, longest: int) -> None:
        self.change(name, lambda value: add(value, record, max_age), longest)

    def labelled(self, *names: str) -> list[str]:
        return [record for name in names for record in members(self.fetch(name))]

    def unlabel(self, name: str, records: Sequence[str], longest: int) -> None:
        self.change(name, lambda value: remove(value, records), longest)


def add(value: t.Any, member: str, max_age: int) -> bytes:
    """Return the value with one more member, and without those that have expired."""
    return _write({**_read(value), member: int(time.time()) + max_age})


def remove(value: t.Any, gone: Iterable[str]) -> bytes:
    """Return the value without some members."""
    gone = set(gone)
    return _write({k: v for k, v in _read(value).items() if k not in gone})


def members(value: t.Any) -> list[str]:
    """Return the members that have not expired, those that expire first in front."""
    found = _read(value)
    return sorted(found, key=lambda name: found[name])


def _read(value: t.Any) -> Members:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else ""
    found = [line.partition(" ") for line in text.splitlines()]
    now = time.time()
    return {name: int(at) for at, _, name in found if at.isdecimal() and int(at) > now}


def _write(members: Members) -> bytes:
    return "\n".join(f"{at} {name}" for name, at in members.items()).encode()
