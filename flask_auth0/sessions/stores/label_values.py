"""Labels and locks where a back end has neither: values that are changed safely."""

from __future__ import annotations

import time
import typing as t
from abc import abstractmethod
from collections.abc import Callable, Sequence

from ..server.interface import StoreInterface
from .locks import LEASE, LOCK, Lock, new_holder

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
        self.change(name, lambda value: remove(value, *records), longest)

    def try_lock(self, key: str) -> Lock | None:
        lock = ValueLock(self, LOCK + key)
        return lock if lock.take() else None


class ValueLock:
    """A lock as a value with one member, which expires: its holder."""

    def __init__(self, store: LabelsInValues, key: str) -> None:
        self._store = store
        self._key = key
        self._holder = new_holder()

    def take(self) -> bool:
        """Take the lock; tell whether nobody else has it."""
        return self._change_if([], add)

    def renew(self) -> bool:
        """Hold it for another while; tell whether it was still held."""
        return self._change_if([self._holder], add)

    def release(self) -> None:
        """Let go of it, if it is still held."""
        self._change_if([self._holder], lambda value, holder, _: remove(value, holder))

    def _change_if(
        self, holders: list[str], change: Callable[[t.Any, str, int], bytes]
    ) -> bool:
        def changed(value: bytes | None) -> bytes:
            if members(value) != holders:
                raise _HeldByAnother
            return change(value, self._holder, LEASE)

        try:
            self._store.change(self._key, changed, LEASE)
        except _HeldByAnother:
            return False
        return True


class _HeldByAnother(Exception):
    """A lock has another holder."""


def add(value: t.Any, member: str, max_age: int) -> bytes:
    """Return the value with one more member, and without those that have expired."""
    return _write({**_read(value), member: int(time.time()) + max_age})


def remove(value: t.Any, *gone: str) -> bytes:
    """Return the value without some members."""
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
