"""Finds the places of states, and of the notes of logouts from outside."""

from __future__ import annotations

from flask import Flask
from flask.sessions import SessionInterface
from msgspec import Struct

from ..config import Config
from ..runtime.request import CurrentRequest
from .codec import States
from .cookies.storage import CookieCompartment
from .revocation import Revocations
from .server.storage import RecordCompartment, back_end_of, records_of
from .storage_contract import Compartment
from .stores.base import BackEnd

#: Seconds that a logout from outside is noted for logins under way.
_UNDER_WAY = 600


class Place(Struct, frozen=True):
    """The place of the states of an app that has a session interface."""

    interface: SessionInterface
    #: The back end of the sessions, or ``None`` in cookie mode.
    store: BackEnd | None
    #: The records of all sessions, or ``None`` in cookie mode.
    records: RecordCompartment | None
    #: The back end whose leases order the changes of a session, if there is one.
    #: Reading a session may wait for it.
    meeting_point: BackEnd | None
    #: The notes of logouts from outside, if a back end keeps them.
    revocations: Revocations | None


class Places:
    """Finds the place by the app's ``session_interface``, which may still be replaced.

    :param states: seals and opens states.
    :param revocation_store: the back end of logouts from outside, if the sessions are
        in cookies.
    """

    def __init__(
        self, states: States, config: Config, revocation_store: BackEnd | None
    ) -> None:
        self._states = states
        self._config = config
        self._revocation_store = revocation_store
        self._known: Place | None = None

    def of(self, app: Flask) -> Place:
        """Return the place of an app's states."""
        interface, known = app.session_interface, self._known
        if known is None or known.interface is not interface:
            known = self._known = self._find(interface)
        return known

    def cookies(self, current: CurrentRequest) -> CookieCompartment:
        """Return the cookies of a request as a compartment."""
        return CookieCompartment(current.jar, self._states.sealer, self._config)

    def compartment(self, current: CurrentRequest) -> Compartment:
        """Return the compartment of a request's state."""
        return self.of(current.app).records or self.cookies(current)

    def _find(self, interface: SessionInterface) -> Place:
        states, store = self._states, back_end_of(interface)
        records = records_of(interface, states.lifetime.absolute)
        longest = _UNDER_WAY if store else states.lifetime.absolute
        meeting_point = store or self._revocation_store
        revocations = None
        if meeting_point is not None:
            revocations = Revocations(
                meeting_point, states.labels, longest, states.clock
            )
        return Place(interface, store, records, meeting_point, revocations)
