"""The SDK's store of anonymous sessions: a sealed cookie, or a store of the app's."""

from __future__ import annotations

import typing as t

from auth0_server_python.store.abstract import AbstractDataStore

from ..errors import SessionTooLarge
from ..runtime.clock import Clock
from ..runtime.request import CurrentRequest, current_request
from .cookies.delivery import require_response
from .cookies.kept_apart import KeptApart, forget
from .domains import Domains
from .shapes import State, dumped, is_moment

#: Seconds for which a visitor is known, if the tenant does not say: 30 days.
_LIFETIME = 2_592_000


class AnonymousStore(AbstractDataStore[State]):
    """Keeps the anonymous session of a visitor.

    The defaults suit any store that the SDK can use.
    """

    #: Whether the coroutines of the store need an event loop.
    needs_loop = True

    def require_writable(self, current: CurrentRequest) -> None:
        """Raise an error if a session could not be kept, before it is begun.

        :raises Auth0Error: when no response takes it to the browser.
        """


class OwnAnonymousStore(AnonymousStore):
    """Hands the SDK's calls on to a store of the app's own."""

    def __init__(self, store: AbstractDataStore[t.Any]) -> None:
        super().__init__({})
        self._store = store

    async def set(
        self,
        identifier: str,
        state: State,
        remove_if_expires: bool = False,
        options: State | None = None,
    ) -> None:
        """Keep a session."""
        await self._store.set(identifier, state, options=options)

    async def get(self, identifier: str, options: State | None = None) -> State | None:
        """Return a session, or ``None`` if there is none."""
        found = await self._store.get(identifier, options=options)
        return dumped(found) if found else None

    async def delete(self, identifier: str, options: State | None = None) -> None:
        """Forget a session."""
        await self._store.delete(identifier, options=options)


class CookieAnonymousStore(AnonymousStore):
    """Keeps the anonymous session of a visitor in a sealed cookie.

    :param apart: keeps it.
    :param clock: tells how long it lasts.
    :param domains: tells the tenant that it is a session of.
    """

    needs_loop = False

    def __init__(self, apart: KeptApart, clock: Clock, domains: Domains) -> None:
        super().__init__({})
        self._apart, self._clock, self._domains = apart, clock, domains

    def require_writable(self, current: CurrentRequest) -> None:
        """Raise an error if a session could not be kept, before it is begun.

        :raises Auth0Error: when no response takes its cookie to the browser.
        """
        require_response(current, "begin an anonymous session")

    async def set(
        self,
        identifier: str,
        state: State,
        remove_if_expires: bool = False,
        options: State | None = None,
    ) -> None:
        """Keep a session, with as many of its access tokens as there is room for.

        :raises SessionTooLarge: when it does not fit into a cookie without any.
        """
        current, name = current_request(), await self._domains.name(identifier)
        if current.jar.is_sent and self._apart.find(current.jar, name):
            # The token is returned all the same, and can be fetched again.
            return
        ends_at: t.Any = state.get("session_expires_at")
        left = int(ends_at - self._clock.time()) if is_moment(ends_at) else _LIFETIME
        tokens = list(state.get("token_sets") or [])
        while True:
            kept = {**state, "token_sets": tokens}
            try:
                self._apart.keep(current, name, kept, max(1, left))
                return
            except SessionTooLarge:
                if not tokens:
                    raise
                # The oldest goes first.
                del tokens[0]

    async def get(self, identifier: str, options: State | None = None) -> State | None:
        """Return a session, or ``None`` if there is none, or it is over."""
        name = await self._domains.name(identifier)
        return self._apart.find(current_request().jar, name)

    async def delete(self, identifier: str, options: State | None = None) -> None:
        """Forget a session."""
        forget(current_request().jar, await self._domains.name(identifier))
