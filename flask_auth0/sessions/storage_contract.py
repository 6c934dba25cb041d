"""The interface of a compartment: a place for sealed states."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from msgspec import Struct

from ..runtime.outage import Outage
from .stores.base import NO_OTHERS, Begun, Others

#: The key under which ``flask.session`` has the id of the state.
KEY = "_a0_session"
#: The parts of a state: one that every request reads, and the rest.
HEAD, BODY = PARTS = ("head", "body")


class Entry(Struct, frozen=True):
    """A state's record, and the labels by which it is found without its session."""

    record: str
    labels: tuple[str, ...] = ()


class Head(Struct, frozen=True):
    """The head of a state, as a compartment has it."""

    #: The texts that may be the head, of which one opens.
    texts: Sequence[str]
    #: When the user was last active, if that is noted outside of the head.
    visited_at: float | None = None
    #: The names of the bodies that have come with the head, if it was in cookies.
    bodies: Sequence[str] = ()


class Compartment(t.Protocol):
    """Keeps the sealed parts of states, apart from what an app keeps in its session.

    A state has two parts, so that the one that every request reads is small, and so
    that noting activity never writes an old token over a new one.
    """

    def read(self, record: str, part: str) -> Sequence[str]:
        """Return the texts that may be a part of a state, of which one opens."""

    def read_head(self, record: str) -> Head:
        """Return the texts that may be the head of a state."""

    def update(self, record: str, parts: Mapping[str, str], max_age: int) -> bool:
        """Replace parts of a state, if it exists; return whether it does."""

    def delete(self, entry: Entry) -> None:
        """Forget a state."""

    def discard(self, entry: Entry) -> None:
        """Forget a state that has expired, if the back end answers."""


class Records(Compartment, t.Protocol):
    """The states of all sessions, where the server keeps them."""

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
        """Keep a new state for ``max_age`` seconds, and forget the one it replaces.

        :param others: what to look for meanwhile.
        :param outage: what the request knows of the back end, if that is at hand.
        :return: what was found, or ``None`` if the state does not exist afterwards: a
            logout from outside may have removed it.
        """

    def read_all(self, records: Sequence[str], part: str) -> dict[str, str]:
        """Return a part of several states, of those that exist."""

    def labelled(self, label: str) -> list[str]:
        """Return the records that have a label; some of them may be gone."""

    def delete_all(self, entries: Sequence[Entry]) -> None:
        """Forget states, one batch after the other."""
