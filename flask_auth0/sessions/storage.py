"""Where an app keeps its states, and what was ended from outside."""

from __future__ import annotations

import typing as t

from flask.sessions import SessionInterface

from ..runtime.contexts import this_app
from .codec import States
from .cookies.storage import CookieCompartment
from .revocation import Revocations
from .server.storage import RecordCompartment, back_end_of, records_of
from .storage_contract import Compartment
from .stores.base import BackEnd

#: Seconds that a logout from outside is remembered for logins that are under way.
_UNDER_WAY = 600


class _Place(t.NamedTuple):
    """What belongs to a session interface."""

    interface: SessionInterface | None = None
    store: BackEnd | None = None
    records: RecordCompartment | None = None


class Places:
    """Finds the places by the app's ``session_interface``, which can still change.

    :param states: seals and opens states.
    :param transient: whether cookies end with the browser's own session.
    :param revocation_store: where logouts from outside are kept, if the sessions
        themselves are in cookies.
    """

    def __init__(
        self,
        states: States,
        transient: bool,
        revocation_store: BackEnd | None = None,
    ) -> None:
        self._states = states
        self._revocation_store = revocation_store
        self.cookies = CookieCompartment(states.sealer, transient)
        self._known = _Place()

    def compartment(self) -> Compartment:
        """Return what keeps the state of the current request."""
        return self._place().records or self.cookies

    def store(self) -> BackEnd | None:
        """Return the back end of the sessions, or ``None`` in cookie mode."""
        return self._place().store

    def are_in_cookies(self) -> bool:
        """Tell whether the states are in cookies."""
        return self._place().records is None

    def meeting_point(self) -> BackEnd | None:
        """Return where the processes that change a session take turns, if anywhere."""
        return self.store() or self._revocation_store

    def records(self) -> RecordCompartment | None:
        """Return the records of all sessions, or ``None`` in cookie mode."""
        return self._place().records

    def revocations(self) -> Revocations | None:
        """Return what was ended from outside, if there is a place for it."""
        labels = self._states.labels
        store = self.store()
        if store is not None:
            return Revocations(store, labels, _UNDER_WAY)
        if self._revocation_store is None:
            return None
        longest = self._states.lifetime.absolute
        return Revocations(self._revocation_store, labels, longest)

    def can_wait(self) -> bool:
        """Tell whether a back end is asked, even if only for what was ended."""
        return self._revocation_store is not None or self.store() is not None

    def _place(self) -> _Place:
        interface = this_app().session_interface
        known = self._known
        if known.interface is not interface:
            known = self._known = self._find(interface)
        return known

    def _find(self, interface: SessionInterface) -> _Place:
        longest = self._states.lifetime.absolute
        records = records_of(interface, longest)
        return _Place(interface, back_end_of(interface), records)
