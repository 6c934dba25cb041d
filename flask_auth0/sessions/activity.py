"""Notes when the users of sessions are active, and from which browsers."""

from __future__ import annotations

import contextlib

from flask import request

from ..errors import SessionTooLarge
from .codec import State, States
from .storage import Places
from .stores.base import BackEnd

#: Characters of a browser's name that are kept with a session.
_LONGEST_NAME = 256


class Visits:
    """Notes that a user is active, wherever the state of the session is kept.

    :param states: seals and opens states.
    :param places: where they are kept.
    """

    def __init__(self, states: States, places: Places) -> None:
        self._states = states
        self._places = places

    def note(self, record: str, head: State, now: int) -> State | None:
        """Note that the user is active now, and return the head that says so.

        Where that cannot be written, the request goes on with what it has read.

        :return: ``None`` when the session has ended meanwhile.
        """
        store = self._places.store()
        if store is None:
            return self._noted(record, head, now)
        return store.attempt_if_well(
            lambda: self._noted_in_turn(store, record, head, now), head
        )

    def browser(self) -> State:
        """Return what a list of sessions says about the browser."""
        if self._places.records() is None:
            return {}
        name = request.user_agent.string[:_LONGEST_NAME]
        return {"user_agent": name, "address": request.remote_addr}

    def _noted_in_turn(
        self, store: BackEnd, record: str, head: State, now: int
    ) -> State | None:
        """Note it if nobody else changes the session just now."""
        lock = store.ask(store.try_lock, record)
        if lock is None:
            return head
        try:
            # Claims may have changed before it was our turn.
            current = self._states.read_head(self._places.compartment(), record)
            return current and self._noted(record, current, now)
        finally:
            # It ends by itself if this fails.
            with contextlib.suppress(Exception):
                lock.release()

    def _noted(self, record: str, head: State, now: int) -> State:
        seen = {"seen": now, **self.browser()}
        head = {**head, "internal": {**head["internal"], **seen}}
        # What was there for its size before can stay so.
        with contextlib.suppress(SessionTooLarge):
            self._keep(record, head, now)
        return head

    def _keep(self, record: str, head: State, now: int) -> None:
        if self._places.are_in_cookies() and not self._states.sealer.has_older:
            max_age = self._states.max_age(head)
            self._places.cookies.note_visit(record, now, max_age)
        else:
            # A head moves to a new secret with its visits.
            compartment = self._places.compartment()
            compartment.update(record, *self._states.seal(head))
