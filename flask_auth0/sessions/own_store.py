"""What stands between the SDK and a state store of an app's own."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from auth0_server_python.store import StateStore
from flask import has_request_context, session
from pydantic import BaseModel

from ..errors import SessionStoreUnavailable
from ..runtime import loop
from ..runtime.per_request import per_request
from ..user import forget_user
from .hooks import SessionHooks, has_new_tokens, with_tokens_of
from .server.interface import Outage
from .token_sets import repaired, without_refreshed

State = dict[str, t.Any]


class OwnStateStore(StateStore):  # type: ignore[misc]
    """Hands the SDK's calls on to a store, which need not know what the SDK gets wrong.

    :param store: the app's own.
    :param hooks: what the app does before a state is kept.
    """

    def __init__(self, store: StateStore, hooks: SessionHooks) -> None:
        super().__init__({})
        self._store = store
        self._hooks = hooks

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: t.Any = False,
        options: State | None = None,
    ) -> None:
        """Keep a state, and end what another user has left in Flask's session."""
        if isinstance(remove_if_expires, Mapping):
            # Some methods of the SDK pass the options in this place.
            options = t.cast(State, remove_if_expires)
        before = await self._stored(identifier, options) or {}
        if before and _sub(before) != _sub(_dumped(state)):
            await _clear_session()
        if not isinstance(state, BaseModel):
            # The SDK passes a model at a login, and a dictionary after a refresh.
            state = repaired(state, before, time.time())
        try:
            state = await self._hooked(state)
        except Exception:
            if not isinstance(state, BaseModel) and has_new_tokens(before, state):
                # The tenant has spent the old refresh token.
                await self._keep(identifier, with_tokens_of(before, state), options)
            raise
        await self._keep(identifier, state, options)

    async def _hooked(self, state: t.Any) -> t.Any:
        """Return a state as the app wants it, of the same kind."""
        if not self._hooks.before_saved:
            return state
        changed = await loop.aside(lambda: self._hooks.apply(_dumped(state)))
        is_model = isinstance(state, BaseModel)
        return type(state).model_validate(changed) if is_model else changed

    async def _keep(self, identifier: str, state: t.Any, options: State | None) -> None:
        with _outages_told():
            await self._store.set(identifier, state, options=options)
        forget_user()

    async def get(self, identifier: str, options: State | None = None) -> State | None:
        """Return the state as the SDK should see it."""
        state = await self._stored(identifier, options)
        return None if state is None else without_refreshed(state)

    async def _stored(self, identifier: str, options: State | None) -> State | None:
        """Return the state as a dictionary: some methods of the SDK take no model."""
        with _outages_told():
            found = await self._store.get(identifier, options=options)
        return _dumped(found) if found else None

    async def delete(self, identifier: str, options: State | None = None) -> None:
        """End the session, with all that the app kept in it for the user."""
        if await self.get(identifier, options):
            await _clear_session()
        with _outages_told():
            await self._store.delete(identifier, options=options)
        forget_user()

    async def delete_by_logout_token(
        self, claims: State, options: State | None = None
    ) -> None:
        """End the sessions that the claims of a logout token name."""
        with _outages_told():
            await self._store.delete_by_logout_token(claims, options=options)


@contextmanager
def _outages_told() -> Iterator[None]:
    """Let a page about a failure of the store ask for the user, as its layout may."""
    try:
        yield
    except SessionStoreUnavailable:
        if has_request_context():
            per_request(Outage).is_told = True
        raise


async def _clear_session() -> None:
    if has_request_context():
        await loop.where_called(session.clear)


def _dumped(state: t.Any) -> State:
    return state.model_dump() if isinstance(state, BaseModel) else dict(state)


def _sub(state: State) -> t.Any:
    return (state.get("user") or {}).get("sub")
