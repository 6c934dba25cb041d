"""The compartment as records of its own, in the back end of Flask-Session."""

from __future__ import annotations

import functools
import typing as t
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from flask.sessions import SessionInterface
from flask_session.base import ServerSideSessionInterface
from msgspec.structs import replace

from ...errors import SessionTooLarge
from ...runtime.outage import Outage
from ..storage_contract import HEAD, PARTS, Entry, Head, Records
from ..stores.base import (
    NO_OTHERS,
    BackEnd,
    Begun,
    Ending,
    Labelling,
    Others,
    TooLargeForStore,
)
from .adapter import adapted
from .interface import StoredSessionInterface
from .prefetch import Prefetch, record_key

_LABEL = "flask_auth0.index:"

#: The most records that are read or removed in one call of the back end.
AT_ONCE = 200

T = t.TypeVar("T")

_adapted: weakref.WeakKeyDictionary[ServerSideSessionInterface, BackEnd] = (
    weakref.WeakKeyDictionary()
)


class RecordCompartment(Records):
    """Keeps states on the server, each under a key of its own.

    :param longest: seconds that no state outlasts.
    :param prefetch: reads the head together with Flask's session.
    """

    def __init__(
        self, back_end: BackEnd, longest: int, prefetch: Prefetch | None = None
    ) -> None:
        self._back_end = back_end
        self._longest = longest
        self._prefetch = prefetch or Prefetch(back_end)

    def read(self, record: str, part: str) -> Sequence[str]:
        value = self._prefetch.read_record(record, part)
        return () if value is None else (value.decode("ascii", "replace"),)

    def create(
        self,
        entry: Entry,
        parts: Mapping[str, str],
        max_age: int,
        *,
        replaces: Entry | None = None,
        others: Others = NO_OTHERS,
        outage: Outage | None = None,
    ) -> Begun | None:
        start = record_key(entry.record, "")
        values = {start + part: sealed.encode() for part, sealed in parts.items()}
        labelling = Labelling(entry.record, _names(entry), max_age, self._longest)
        if others.crowd is not None:
            others = replace(others, crowd=_LABEL + others.crowd)
        begin = functools.partial(self._back_end.begin_among, values, labelling, others)
        with _sizes(parts):
            begun = self._back_end.ask_in(outage, begin)
        if replaces is not None:
            self.delete(replaces)
        if begun is None:
            self.delete(entry)
        return begun

    def read_head(self, record: str) -> Head:
        return Head(self.read(record, HEAD))

    def update(self, record: str, parts: Mapping[str, str], max_age: int) -> bool:
        ask, replace = self._back_end.ask, self._back_end.replace
        with _sizes(parts):
            return all(
                ask(replace, record_key(record, part), sealed.encode(), max_age)
                for part, sealed in parts.items()
            )

    def delete(self, entry: Entry) -> None:
        self.delete_all([entry])

    def discard(self, entry: Entry) -> None:
        self._back_end.attempt_if_well(lambda: self.delete(entry), None)

    def delete_all(self, entries: Sequence[Entry]) -> None:
        """Forget states, in batches that the back end can answer soon.

        If the back end fails halfway, the remaining records still have their labels for
        the next attempt.
        """
        for some in in_batches(entries):
            # A batch that is answered in time leaves the limit of the request alone.
            self._back_end.poll(self._back_end.end, [_ending(each) for each in some])

    def read_all(self, records: Sequence[str], part: str) -> dict[str, str]:
        keys = {record_key(record, part): record for record in records}
        found = self._back_end.poll(self._fetch_all, list(keys))
        return {
            keys[key]: value.decode("ascii", "replace")
            for key, value in found.items()
            if value is not None
        }

    def labelled(self, label: str) -> list[str]:
        return self._back_end.ask(self._back_end.labelled, _LABEL + label)

    def _fetch_all(self, keys: list[str]) -> dict[str, bytes | None]:
        found = self._back_end.fetch_together(*keys)
        return {k: found[k] if k in found else self._back_end.fetch(k) for k in keys}


def back_end_of(interface: SessionInterface) -> BackEnd | None:
    """Return the back end of Flask's session, or ``None`` where it has none."""
    if isinstance(interface, StoredSessionInterface):
        return interface.back_end
    if not isinstance(interface, ServerSideSessionInterface):
        return None
    if interface not in _adapted:
        _adapted[interface] = adapted(interface)
    return _adapted[interface]


def records_of(interface: SessionInterface, longest: int) -> RecordCompartment | None:
    """Return the records in the back end of Flask's session, if it has one.

    :param longest: seconds that no state outlasts.
    """
    back_end = back_end_of(interface)
    if back_end is None:
        return None
    if isinstance(interface, StoredSessionInterface):
        return RecordCompartment(back_end, longest, interface.prefetch)
    return RecordCompartment(back_end, longest)


def _names(entry: Entry) -> tuple[str, ...]:
    return tuple(_LABEL + label for label in entry.labels)


def _ending(entry: Entry) -> Ending:
    keys = tuple(record_key(entry.record, part) for part in PARTS)
    return Ending(entry.record, keys, _names(entry))


def in_batches(entries: Sequence[T]) -> Iterator[Sequence[T]]:
    """Return a sequence in parts of :data:`AT_ONCE`."""
    for start in range(0, len(entries), AT_ONCE):
        yield entries[start : start + AT_ONCE]


@contextmanager
def _sizes(parts: Mapping[str, str]) -> Iterator[None]:
    """Raise an error for a login whose state is too large for the back end."""
    try:
        yield
    except TooLargeForStore as error:
        raise SessionTooLarge(sum(map(len, parts.values()))) from error
