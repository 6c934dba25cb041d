"""Notes when users are active, and from which browsers."""

from __future__ import annotations

import contextlib

from ..errors import SessionTooLarge
from ..runtime.request import CurrentRequest
from .codec import States
from .shapes import State
from .storage import Places
from .stores.base import BackEnd

#: Characters of a browser's name that are kept with a session.
_LONGEST_NAME = 256


class Visits:
    """Notes that a user is active, wherever the state of the session is kept.

    :param states: seals and opens states.
    :param places: finds where states are kept.
    """

    def __init__(self, states: States, places: Places) -> None:
        self._states = states
        self._places = places

    def note(
        self, current: CurrentRequest, record: str, head: State, now: int
    ) -> State | None:
        """Note that the user is active now, and return the head that says so.

        If the back end does not take the note, the request goes on with the head as
        read.

        :return: ``None`` when the session has ended meanwhile.
        """
        store = self._places.of(current.app).store
        if store is None:
            return self._noted(current, record, head, now)
        return store.attempt_if_well(
            lambda: self._noted_under_lock(store, current, record, head, now), head
        )

    def _noted_under_lock(
        self,
        store: BackEnd,
        current: CurrentRequest,
        record: str,
        head: State,
        now: int,
    ) -> State | None:
        """Note a visit, unless another request holds the lock of the session."""
        lock = store.ask(store.try_lock, record)
        if lock is None:
            return head
        try:
            # Another request may have changed the claims before this one had the lock.
            compartment = self._places.compartment(current)
            newest = self._states.read_head(compartment, record)
            return newest and self._noted(current, record, newest, now)
        finally:
            # If the release fails, the lock runs out.
            with contextlib.suppress(Exception):
                lock.release()

    def _noted(
        self, current: CurrentRequest, record: str, head: State, now: int
    ) -> State:
        is_listed = self._places.of(current.app).records is not None
        seen = {"seen": now, **(browser_of(current) if is_listed else {})}
        head = {**head, "internal": {**head["internal"], **seen}}
        # If the new head does not fit into cookies, the old cookies stay.
        with contextlib.suppress(SessionTooLarge):
            self._keep(current, record, head, now)
        return head

    def _keep(
        self, current: CurrentRequest, record: str, head: State, now: int
    ) -> None:
        is_in_cookies = self._places.of(current.app).records is None
        if is_in_cookies and not self._states.sealer.has_older:
            max_age = self._states.max_age(head)
            self._places.cookies(current).note_visit(record, now, max_age)
        else:
            # Sealing the head once more moves it to the newest secret.
            compartment = self._places.compartment(current)
            compartment.update(record, *self._states.seal(head))


def browser_of(current: CurrentRequest) -> State:
    """Return the browser's name and address, for a list of sessions on the server."""
    request = current.request
    name = request.user_agent.string[:_LONGEST_NAME]
    return {"user_agent": name, "address": request.remote_addr}
