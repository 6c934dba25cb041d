"""States with new tokens that a back end has not taken yet."""

from __future__ import annotations

from msgspec import Struct

from ..runtime.processes import PerProcess
from .codec import States
from .shapes import State
from .storage_contract import Compartment


class Unwritten(Struct, frozen=True):
    """A state to be written as soon as its back end answers."""

    head: State
    body: State
    #: The state before the refresh. If the refresh token has changed since, nothing is
    #: written.
    before: State
    compartment: Compartment
    states: States


class UnwrittenStates:
    """Remembers states that are not written yet, by record, for requests of this
    process.

    The tenant has spent the refresh token that the back end still has.
    """

    def __init__(self) -> None:
        # A forked process must not write the states of its parent, which writes them
        # itself.
        self._known: PerProcess[dict[str, Unwritten]] = PerProcess(dict)
        #: Whether a state may be waiting, so that most requests need not look.
        self.are_there: bool = False

    def note(self, record: str, state: Unwritten) -> None:
        """Remember a state that the back end did not take."""
        self._known.get()[record] = state
        self.are_there = True

    def get(self, record: str) -> Unwritten | None:
        """Return the state of a session that is still to be written, if any."""
        return self._known.get().get(record)

    def write(self, record: str) -> None:
        """Try to write a state, unless the session has ended or has newer tokens.

        :raises SessionStoreUnavailable: when the back end does not take it.
        """
        wanted = self._known.get()[record]
        states, compartment = wanted.states, wanted.compartment
        head = states.read_head(compartment, record)
        body = states.read_body(compartment, head) if head else None
        used = wanted.before.get("refresh_token")
        if head and body and body.get("refresh_token") == used:
            # Another request may have changed the claims meanwhile; its head stays.
            is_same = head["user"] == wanted.before["user"]
            newest = wanted.head if is_same else head
            compartment.update(record, *states.seal(newest, wanted.body))
        self.forget(record)

    def forget(self, record: str) -> None:
        """Forget a state that is written, or given up."""
        self._known.get().pop(record, None)
