"""The interface of every state store: of the extension's own, and of an app's."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from auth0_server_python.store import StateStore
from flask import Flask

from ..errors import ConfigurationError
from ..runtime.clock import Clock
from ..runtime.request import CurrentRequest
from .codec import States
from .hooks import SessionHooks, has_new_tokens, with_tokens_of
from .shapes import State
from .storage_contract import Records
from .stores.base import BackEnd
from .token_sets import repaired
from .unwritten import UnwrittenStates


class Listing(t.NamedTuple):
    """The means to list and end the sessions of other browsers."""

    states: States
    records: Records
    #: The record of the current request's session, if there is one.
    current: str | None
    #: Ends the session of the current request.
    end_current: Callable[[], None]


class SessionStore(StateStore):
    """Keeps the session of the user who is logged in.

    The defaults are those of a store of which nothing is known but that the SDK can
    use it.

    :param hooks: what the app does before a state is kept.
    :param clock: tells which tokens are still good.
    """

    #: Whether its coroutines need an event loop.
    needs_loop = True

    def __init__(self, hooks: SessionHooks, clock: Clock) -> None:
        super().__init__({})
        self._hooks = hooks
        self._clock = clock
        #: New tokens that the back end has not taken yet.
        self.unwritten: UnwrittenStates = UnwrittenStates()

    def updated(
        self, before: State, state: State
    ) -> tuple[State | None, Exception | None]:
        """Return what is to be kept of a changed state, and an error to raise then.

        The error is that of a hook. New tokens are kept all the same, since the tenant
        has spent the old refresh token.

        :param before: what was kept until now.
        """
        has_tokens = has_new_tokens(before, state)
        state = repaired(state, before, self._clock.time())
        try:
            return self._hooks.apply(state), None
        except Exception as error:
            return (with_tokens_of(before, state) if has_tokens else None), error

    def claims(
        self, current: CurrentRequest, ask: Callable[[], State | None]
    ) -> State | None:
        """Return the claims of the user, or ``None`` when nobody is logged in.

        The same ones for all of a request, until the session changes.

        :param ask: asks the SDK, which checks what a store need not know of.
        """
        raise NotImplementedError

    async def user(self) -> State | None:
        """Return a copy of the claims, where no event loop is needed."""
        raise NotImplementedError

    async def name_of_session(
        self, options: State | None, family: Callable[[str], str]
    ) -> str | None:
        """Return the key of a session's turn and lease, or ``None`` without a session.

        :param family: returns a name that all refresh tokens of one login share.
        """
        raise NotImplementedError

    def meeting_point(self, app: Flask) -> BackEnd | None:
        """Return the back end whose leases order the changes of a session."""
        return None

    def reread(self, current: CurrentRequest) -> None:
        """Forget what was read of the state, where others may have changed it."""

    def are_in_cookies(self, app: Flask) -> bool:
        """Tell whether the states are in cookies of ours."""
        return False

    def require_available(self, app: Flask) -> None:
        """Raise an error where a login could not be kept, before it is made.

        :raises SessionStoreUnavailable: when the back end does not answer.
        """

    def require_writable(self, current: CurrentRequest) -> None:
        """Raise an error where a change could not be kept, before it is made.

        :raises Auth0Error: when the state is in cookies and the response is sent.
        """

    def watch(self, app: Flask) -> None:
        """Let Flask's session, in the requests of an app, outlive no login."""

    def settle(self, current: CurrentRequest) -> None:
        """Take back what a response would bring of a session that has ended since."""

    def is_as_sent(self, current: CurrentRequest) -> bool:
        """Tell whether the session that the browser has sent is still the newest."""
        return True

    def end_unsent(self, current: CurrentRequest) -> None:
        """End a session that has begun, where no browser will ever know it."""

    def listing(self, current: CurrentRequest) -> Listing:
        """Return what the sessions of other browsers are listed with.

        :raises ConfigurationError: when nobody knows which there are.
        """
        raise ConfigurationError("Only the app's own state store knows its sessions.")
