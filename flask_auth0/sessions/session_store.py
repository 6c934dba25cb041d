"""The interface of state stores, ours and an app's own."""

from __future__ import annotations

import functools
from collections.abc import Callable

from auth0_server_python.store import StateStore
from flask import Flask
from msgspec import Struct

from ..errors import ConfigurationError
from ..runtime.clock import Clock
from ..runtime.request import CurrentRequest
from .claims import with_new_claims
from .codec import States
from .cookies.kept_apart import KeptApart
from .domains import Domains
from .hooks import SessionHooks, tell_of_login
from .shapes import State
from .storage_contract import KEY, Records
from .stores.base import BackEnd
from .token_sets import has_new_tokens, refreshing, repaired, with_tokens_of
from .unwritten import UnwrittenStates


class Listing(Struct, frozen=True):
    """The means to list and end the sessions of other browsers."""

    states: States
    records: Records
    #: The record of the current request's session, if there is one.
    current: str | None
    #: Ends the session of the current request.
    end_current: Callable[[], None]
    #: The domain of the current request, or the only one of the app, if there is one.
    domain: str | None


class SessionStore(StateStore):
    """Keeps the session of the user who is logged in.

    The defaults suit any store that the SDK can use.

    :param hooks: what the app does before a state is kept.
    :param clock: tells which tokens are still good.
    :param apart: keeps what the SDK has under other identifiers than the session's.
    :param apart_for: seconds for which that is kept.
    :param domains: tells the tenant of a request.
    """

    #: Whether the coroutines of the store need an event loop.
    needs_loop = True

    def __init__(
        self,
        hooks: SessionHooks,
        clock: Clock,
        apart: KeptApart,
        apart_for: int,
        domains: Domains,
    ) -> None:
        super().__init__({})
        self._apart_for = apart_for
        self.apart: KeptApart = apart
        self.domains: Domains = domains
        self._hooks = hooks
        self._clock = clock
        #: States with new tokens that the back end has not taken yet.
        self.unwritten: UnwrittenStates = UnwrittenStates()

    def keep_apart(
        self, current: CurrentRequest, identifier: str, value: State
    ) -> None:
        """Keep what the SDK has under another identifier than the session's."""
        self.apart.keep(current, identifier, value, self._apart_for)

    async def begin(self, state: State, options: State | None = None) -> None:
        """Keep the state of a login, in place of the session before."""
        await self.set(KEY, state, options=options)

    def note_login(
        self, current: CurrentRequest, state: State, undo: Callable[[], None]
    ) -> None:
        """Note a login, of which the app is told once the call that made it is done.

        :param undo: ends the session, if the app refuses the login.
        """
        current.logged_in = state["user"]["sub"]
        if current.is_dispatched:
            tell = functools.partial(tell_of_login, self._hooks, state, undo)
            current.tell_of_login = tell

    def updated(
        self, before: State, state: State
    ) -> tuple[State | None, Exception | None]:
        """Return the state to keep in place of a changed one, and an error to raise
        after it.

        The error is that of a hook. New tokens are kept all the same, since the tenant
        has spent the old refresh token.

        :param before: the state that was kept until now.
        """
        has_tokens = has_new_tokens(before, state)
        state = repaired(state, before, self._clock.time())
        if refreshing.get() is not None:
            # The ID token of any other change need not be verified.
            state = with_new_claims(state, before)
        try:
            return self._hooks.apply(state), None
        except Exception as error:
            return (with_tokens_of(before, state) if has_tokens else None), error

    def claims(
        self, current: CurrentRequest, ask: Callable[[], State | None]
    ) -> State | None:
        """Return the claims of the user, or ``None`` when nobody is logged in.

        They stay the same for a request, until the session changes.

        :param ask: asks the SDK, whose checks a store of the app's own may lack.
        """
        raise NotImplementedError

    async def user(self) -> State | None:
        """Return a copy of the claims; only for stores that need no event loop."""
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
        """Forget the state that was read, since other requests may have changed it."""

    def are_in_cookies(self, app: Flask) -> bool:
        """Tell whether the states are in cookies of ours."""
        return False

    def require_available(self, app: Flask) -> None:
        """Raise an error if a login could not be kept, before its code is exchanged.

        :raises SessionStoreUnavailable: when the back end does not answer.
        """

    def expect_available(self, app: Flask) -> None:
        """Raise an error if a login could not be kept, before its user is sent away.

        A back end that has answered within a second is not asked.

        :raises SessionStoreUnavailable: when the back end does not answer.
        """

    def require_writable(self, current: CurrentRequest) -> None:
        """Raise an error if a change could not be kept, before it is made.

        :raises Auth0Error: when the state is in cookies and the response is sent.
        """

    def watch(self, app: Flask) -> None:
        """Let Flask's session end with its login, where its interface is ours."""

    def look(self, current: CurrentRequest) -> None:
        """End Flask's session with its login, where its interface is the app's own."""

    def settle(self, current: CurrentRequest) -> None:
        """Remove the cookies of a session from a response, if it has ended since."""

    def is_as_sent(self, current: CurrentRequest) -> bool:
        """Tell whether the session in the request's cookies is still the newest."""
        return True

    def end_unsent(self, current: CurrentRequest) -> None:
        """End a new session whose cookies do not reach the browser."""

    def listing(self, current: CurrentRequest) -> Listing:
        """Return the means to list the sessions of all browsers.

        :raises ConfigurationError: when the sessions cannot be listed.
        """
        self.require_records(current.app)
        raise NotImplementedError

    def require_records(self, app: Flask) -> None:
        """Raise an error if sessions cannot be found without their requests.

        :raises ConfigurationError: with the reason, and what to do.
        """
        raise ConfigurationError(
            "The app's own state store finds a session by the cookies of its request "
            "alone. To list sessions, and to use one in a task, keep them with "
            "SESSION_TYPE, without a state_store."
        )

    def resume(self, current: CurrentRequest, record: str) -> None:
        """Give a session to work that is done outside of its requests.

        :param current: what stands for the request in such work.
        :raises LoginRequired: when the session has ended.
        """
        self.require_records(current.app)
