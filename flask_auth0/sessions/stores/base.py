"""The contract of a back end: bytes by a key that expire, labels, and locks."""

from __future__ import annotations

import logging
import typing as t
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from ...runtime.outage import Outage
from ...runtime.processes import PerProcess
from .lease import LOCK, Lock
from .limits import Limited


class TooLargeForStore(Exception):
    """A value is too large for a back end."""


class Setup(Struct, frozen=True, eq=False):
    """The settings that a back end is made from."""

    #: Flask-Session's keys, and further ``SESSION_*`` keys of this extension.
    settings: Mapping[str, t.Any]
    #: Seconds that a request may wait for the back end in all.
    limit: float
    logger: logging.Logger
    #: Returns the outage of the back end, as the current request knows it.
    outage: Callable[[], Outage] = Outage
    #: Whether the sessions are a developer's own, so that losing them costs nothing.
    is_development: bool = False


class Labelling(Struct, frozen=True):
    """The labels of a record, by which it is found."""

    record: str
    #: The keys under which the records of each label are kept.
    labels: Sequence[str]
    #: Seconds for which the record has them.
    max_age: int
    #: Seconds that no record outlasts.
    longest: int


class Others(Struct, frozen=True):
    """What is looked for as a record begins."""

    #: The labels of notes that may end it at once.
    notes: tuple[str, ...] = ()
    #: One of its own labels, of which only so many records may be left.
    crowd: str | None = None
    most: int = 0


NO_OTHERS = Others()


class Begun(Struct, frozen=True):
    """What was there as a record began."""

    #: The notes under all labels.
    notes: list[str]
    #: The records of the crowd without the newest ones that may be left, the oldest
    #: first.
    oldest: list[str]


class Ending(Struct, frozen=True):
    """A record that ends: the keys of its values, and its own labels."""

    record: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]


#: The place where the removal of expired values goes on; ``None`` is the beginning.
Rest = t.Any


class Pruned(Struct, frozen=True):
    """The result of a part of the removal of expired values."""

    #: How many sessions and records it has removed.
    removed: int
    #: The place where the next part goes on, or ``None`` after the last one.
    rest: Rest


class BackEnd(Limited, ABC):
    """Keeps bytes by a key. Each method may raise an error of :attr:`failures`, and is
    called through :meth:`ask`.

    :param clients: the driver's clients, or what leads to one.
    """

    #: Whether the back end removes expired values itself; if not, :meth:`prune` does.
    #: Flask-Session looks at it for ``SESSION_CLEANUP_N_REQUESTS``, which calls
    #: :meth:`prune` beside requests where it is false.
    ttl = True

    def __init__(self, setup: Setup, clients: PerProcess[t.Any]) -> None:
        super().__init__(setup.limit, setup.logger, setup.outage)
        self._clients = clients

    @property
    def client(self) -> t.Any:
        """The driver's client, with connections of this process."""
        return self._clients.get()

    @abstractmethod
    def fetch(self, key: str) -> bytes | None:
        """Return the value of a key, unless it has expired."""

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        """Return the value of the first key, and those of the others if one round trip
        gets them as well.
        """
        return {keys[0]: self.fetch(keys[0])}

    @abstractmethod
    def keep(self, key: str, value: bytes, max_age: int) -> None:
        """Keep a value for ``max_age`` seconds.

        :raises TooLargeForStore: when it is refused for its size.
        """

    @abstractmethod
    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        """Keep a value if there is one already; tell whether there was."""

    @abstractmethod
    def add(self, key: str, value: bytes, max_age: int) -> bool:
        """Keep a value unless there is one already; tell whether it is kept."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Remove the value of a key, if there is one."""

    @abstractmethod
    def remove_same(self, key: str, value: bytes) -> None:
        """Remove the value of a key if it is this one, and nobody else's."""

    @abstractmethod
    def label(self, labelling: Labelling) -> None:
        """Give a record its labels."""

    @abstractmethod
    def labelled(self, *labels: str) -> list[str]:
        """Return the records of each of some labels.

        The records of one label are in the order of their expiry.
        """

    @abstractmethod
    def unlabel(self, label: str, records: Sequence[str]) -> None:
        """Take a label from records."""

    def begin(self, values: Mapping[str, bytes], labelling: Labelling) -> bool:
        """Keep the values of a new record, with its labels.

        The values never exist without their labels: a back end without transactions
        writes the labels first.

        :return: whether the record still has its labels afterwards. :meth:`end` removes
            the labels, and then the values once more: a logout during this call is
            noticed here, or removes the values itself.
        """
        self.label(labelling)
        for key, value in values.items():
            self.keep(key, value, labelling.max_age)
        found = self.labelled(*labelling.labels)
        return found.count(labelling.record) == len(labelling.labels)

    def begin_among(
        self, values: Mapping[str, bytes], labelling: Labelling, others: Others
    ) -> Begun | None:
        """Keep a new record as :meth:`begin` does, and look for others after that.

        :return: ``None`` if the record has not its labels any more.
        """
        if not self.begin(values, labelling):
            return None
        notes = self.labelled(*others.notes) if others.notes else []
        crowd = self.labelled(others.crowd) if others.crowd else []
        return Begun(notes, crowd[: max(0, len(crowd) - others.most)])

    def end(self, endings: Sequence[Ending]) -> None:
        """Remove the values of records, and from each record its own labels.

        The labels outlast the values, so that an interrupted logout can be repeated.
        """
        keys = keys_of(endings)
        for key in keys:
            self.remove(key)
        for label, records in by_label(endings).items():
            self.unlabel(label, records)
        for key in keys:
            self.remove(key)

    @abstractmethod
    def lock(self, key: str) -> Lock:
        """Return the lock of a key, which is not taken yet."""

    def try_lock(self, key: str) -> Lock | None:
        """Take the lock for a key; return ``None`` if another holder has it.

        Taking a lock is a write, which proves that the back end can be written.
        """
        lock = self.lock(LOCK + key)
        return lock if lock.take() else None

    def expires(self, key: str) -> bool:
        """Tell whether the value of a key has an expiry."""
        self.keep(key, b"1", -1)
        return self.fetch(key) is None

    def prune(self, rest: Rest = None) -> Pruned | None:
        """Remove some of the expired values, so few that no request waits for long.

        :param rest: the place to go on at, as the last call has returned it.
        :return: ``None`` if the back end removes expired values itself.
        """
        return None

    def close(self) -> None:
        """Close the connections of this process."""
        self.client.close()


def bytes_or_none(value: t.Any) -> bytes | None:
    """Return a value that a back end has, unless another program has written it."""
    return value if isinstance(value, bytes) else None


def keys_of(endings: Iterable[Ending]) -> list[str]:
    """Return the keys of all values that end."""
    return [key for each in endings for key in each.keys]


def by_label(endings: Iterable[Ending]) -> dict[str, list[str]]:
    """Return the records that each label loses."""
    found: dict[str, list[str]] = {}
    for each in endings:
        for label in each.labels:
            found.setdefault(label, []).append(each.record)
    return found
