"""Labels and locks as values, for back ends that have neither."""

from __future__ import annotations

import contextlib
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence

from msgspec import Struct

from . import lease
from .base import BackEnd, Labelling

#: The members of a value, and when each one expires.
Members = dict[str, int]


class Changed(Struct, frozen=True):
    """A changed value, with the seconds for which it is kept."""

    value: bytes
    max_age: int


#: Returns the changed value for a present one.
Change = Callable[[bytes | None], Changed]


class LabelsInValues(BackEnd):
    """Keeps labels and locks as values; a subclass changes values atomically."""

    @abstractmethod
    def change(self, key: str, change: Change) -> None:
        """Change a value atomically: no concurrent change is lost.

        A value that becomes empty may be removed.
        """

    def remove_same(self, key: str, value: bytes) -> None:
        def changed(found: bytes | None) -> Changed:
            if found != value:
                raise _StaysAsItIs
            return Changed(b"", 1)

        with contextlib.suppress(_StaysAsItIs):
            self.change(key, changed)

    def label(self, labelling: Labelling) -> None:
        def changed(value: bytes | None) -> Changed:
            return add(value, labelling.record, labelling.max_age)

        for label in labelling.labels:
            self.change(label, changed)

    def labelled(self, *labels: str) -> list[str]:
        return [record for each in labels for record in members(self.fetch(each))]

    def unlabel(self, label: str, records: Sequence[str]) -> None:
        self.change(label, lambda value: remove(value, *records))

    def lock(self, key: str) -> ValueLock:
        return ValueLock(self, key)


class OneAtATime(LabelsInValues):
    """Changes a value while no other thread of this process changes it.

    Other processes can change it at the same time: such a back end cannot prevent that.
    """

    @abstractmethod
    def mutex(self, key: str) -> threading.Lock:
        """Return the lock of this process that is held while a value changes."""

    @abstractmethod
    def write(self, key: str, value: bytes, max_age: int) -> None:
        """Keep a value."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Forget a value."""

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        with self.mutex(key):
            self.write(key, value, max_age)

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        with self.mutex(key):
            if self.fetch(key) is None:
                return False
            self.write(key, value, max_age)
            return True

    def add(self, key: str, value: bytes, max_age: int) -> bool:
        with self.mutex(key):
            if self.fetch(key) is not None:
                return False
            self.write(key, value, max_age)
            return True

    def remove(self, key: str) -> None:
        # Without the lock, a change that has just read the value would write it again.
        with self.mutex(key):
            self.delete(key)

    def change(self, key: str, change: Change) -> None:
        with self.mutex(key):
            changed = change(self.fetch(key))
            if changed.value:
                self.write(key, changed.value, changed.max_age)
            else:
                self.delete(key)


class ValueLock(lease.HolderLock[LabelsInValues]):
    """A lock as a value with one member that expires: its holder."""

    def take(self) -> bool:
        return self._change_if([], self._held)

    def renew(self) -> bool:
        return self._change_if([self._holder], self._held)

    def release(self) -> None:
        self._change_if([self._holder], lambda value: remove(value, self._holder))

    def _held(self, value: bytes | None) -> Changed:
        return add(value, self._holder, lease.LEASE)

    def _change_if(self, holders: list[str], change: Change) -> bool:
        def changed(value: bytes | None) -> Changed:
            if members(value) != holders:
                raise _StaysAsItIs
            return change(value)

        try:
            self._back_end.change(self._name, changed)
        except _StaysAsItIs:
            return False
        return True


class _StaysAsItIs(Exception):
    """A value is another one than is to be changed."""


def add(value: bytes | None, member: str, max_age: int) -> Changed:
    """Return the value with one more member, and without expired ones."""
    return _written({**_read(value), member: int(time.time()) + max_age})


def remove(value: bytes | None, *gone: str) -> Changed:
    """Return the value without some members."""
    return _written({k: v for k, v in _read(value).items() if k not in gone})


def members(value: bytes | None) -> list[str]:
    """Return the members that have not expired, in the order of their expiry."""
    found = _read(value)
    return sorted(found, key=lambda name: found[name])


def _read(value: bytes | None) -> Members:
    text = (value or b"").decode("ascii", "replace")
    found = [line.partition(" ") for line in text.splitlines()]
    now = time.time()
    return {name: int(at) for at, _, name in found if at.isdecimal() and int(at) > now}


def _written(members: Members) -> Changed:
    text = "\n".join(f"{at} {name}" for name, at in members.items())
    # The value lasts as long as the last of its members.
    last = max(members.values(), default=0) - int(time.time())
    return Changed(text.encode(), max(last, 1))
