"""Finds the places of states, and of the notes of logouts from outside."""

from __future__ import annotations

import typing as t

from flask import Flask
from flask.sessions import SessionInterface

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


class Place(t.NamedTuple):
    """A session interface, with its back end and records."""

    interface: SessionInterface | None = None
    #: The back end of the sessions, or ``None`` in cookie mode.
    store: BackEnd | None = None
    #: The records of all sessions, or ``None`` in cookie mode.
    records: RecordCompartment | None = None


class Places:
    """Finds the places by the app's ``session_interface``, which may still be replaced.

    :param states: seals and opens states.
    :param revocation_store: the back end of logouts from outside, if the sessions are
        in cookies.
    """

    def __init__(
        self,
        states: States,
        config: Config,
        revocation_store: BackEnd | None = None,
    ) -> None:
        self._states = states
        self._config = config
        self._revocation_store = revocation_store
        self._known = Place()

    def of(self, app: Flask) -> Place:
        """Return the place of an app's sessions."""
        interface, known = app.session_interface, self._known
        if known.interface is not interface:
            known = self._known = self._find(interface)
        return known

    def cookies(self, current: CurrentRequest) -> CookieCompartment:
        """Return the cookies of a request as a compartment."""
        return CookieCompartment(current.jar, self._states.sealer, self._config)

    def compartment(self, current: CurrentRequest) -> Compartment:
        """Return the compartment of a request's state."""
        return self.of(current.app).records or self.cookies(current)

    def meeting_point(self, app: Flask) -> BackEnd | None:
        """Return the back end whose leases order the changes of a session."""
        return self.of(app).store or self._revocation_store

    def revocations(self, app: Flask) -> Revocations | None:
        """Return the notes of logouts from outside, if a back end keeps them."""
        states, store = self._states, self.of(app).store
        if store is not None:
            return Revocations(store, states.labels, _UNDER_WAY, states.clock)
        if self._revocation_store is None:
            return None
        longest = states.lifetime.absolute
        return Revocations(self._revocation_store, states.labels, longest, states.clock)

    def can_wait(self, app: Flask) -> bool:
        """Tell whether reading a session may wait for a back end."""
        return self._revocation_store is not None or self.of(app).store is not None

    def _find(self, interface: SessionInterface) -> Place:
        records = records_of(interface, self._states.lifetime.absolute)
        return Place(interface, back_end_of(interface), records)
