"""The wrapper of an app's own state store."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from auth0_server_python.store import StateStore
from pydantic import BaseModel

from ..errors import SessionStoreUnavailable
from ..runtime import loop
from ..runtime.clock import Clock
from ..runtime.request import CurrentRequest, current_request
from .claims import OWN_CLAIMS, USERINFO_CLAIMS, begun, is_over
from .cookies.kept_apart import KeptApart, forget, forget_all
from .domains import Domains
from .flows import arrived
from .hooks import SessionHooks
from .session_store import SessionStore
from .shapes import State, dumped, without_none
from .storage_contract import KEY
from .token_sets import DEFAULT_AUDIENCE, without_refreshed

#: The fields of ``internal`` that the SDK's model does not have.
_NAMES = (OWN_CLAIMS, USERINFO_CLAIMS)
#: What the SDK leaves out of the tokens of connections.
_ANY = {"audience": DEFAULT_AUDIENCE, "login_hint": ""}


class OwnStateStore(SessionStore):
    """Hands the SDK's calls on to a store, and corrects what the SDK gets wrong.

    :param store: the app's own store.
    :param hooks: the app's functions that change a state before it is kept.
    :param clock: tells which tokens are still good.
    :param apart: keeps what the SDK has under other identifiers than the session's,
        which many stores ignore.
    :param apart_for: seconds for which that is kept.
    :param domains: tells the tenant of a request.
    """

    def __init__(
        self,
        store: StateStore,
        hooks: SessionHooks,
        clock: Clock,
        apart: KeptApart,
        apart_for: int,
        domains: Domains,
    ) -> None:
        super().__init__(hooks, clock, apart, apart_for, domains)
        self._store = store

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: t.Any = False,
        options: State | None = None,
    ) -> None:
        """Keep a state, and clear data of another user from Flask's session."""
        if isinstance(remove_if_expires, Mapping):
            # Some methods of the SDK pass the options as the third argument.
            options = t.cast(State, remove_if_expires)
        if identifier != KEY:
            name = await self.domains.name(identifier)
            self.keep_apart(current_request(), name, dumped(state))
            return
        data = arrived(dumped(state))
        if data is None:
            return
        # The SDK passes a model at a login, and a dictionary after a refresh.
        if isinstance(state, BaseModel):
            begun_ = await self._begun(data)
            model = type(state).model_validate(_outward(begun_))
            await self._begin(identifier, begun_, model, options)
            return
        before = await self._stored(identifier, options) or {}
        if self._hooks.before_saved:
            kept, error = await loop.aside(lambda: self.updated(before, data))
        else:
            kept, error = self.updated(before, data)
        try:
            if kept is not None:
                await self._keep(identifier, _outward(kept), options)
        finally:
            if error is not None:
                raise error
        if kept is not None and is_over(kept, self._clock.time()):
            await self.delete(identifier, options)

    async def begin(self, state: State, options: State | None = None) -> None:
        """Keep the state of a login."""
        begun_ = await self._begun(state)
        await self._begin(KEY, begun_, _outward(begun_), options)

    async def _begin(
        self, identifier: str, state: State, kept: t.Any, options: State | None
    ) -> None:
        """Keep the state of a login, with nothing of another user.

        :param kept: the state in the form for the store.
        """
        await self._require_here(state)
        before = await self._stored(identifier, options) or {}
        is_theirs = _sub(before) == _sub(state) and await self._is_here(before)
        if before and not is_theirs:
            await _clear_session()
        await self._keep(identifier, kept, options)
        current = current_request()
        undo = lambda: loop.run(self.delete(identifier, options), None)  # noqa: E731
        self.note_login(current, state, undo)

    async def _begun(self, state: State) -> State:
        """Return the state of a login as the app's hooks have changed it."""
        changed = begun(state)
        if self._hooks.before_saved:
            return await loop.aside(lambda: self._hooks.apply(changed))
        return changed

    async def _keep(self, identifier: str, state: t.Any, options: State | None) -> None:
        with _outages_told():
            await self._store.set(identifier, state, options=options)
        # The session has changed, so the next one who asks for the user asks the SDK.
        current_request().has_claims = False

    async def get(self, identifier: str, options: State | None = None) -> State | None:
        """Return the state without the tokens that the SDK must not find."""
        if current_request().token_claims is not None:
            # The session beside an access token may be another user's.
            return None
        if identifier != KEY:
            name = await self.domains.name(identifier)
            return self.apart.find(current_request().jar, name)
        state = await self._stored(identifier, options)
        if state is None or not await self._is_here(state):
            return None
        return without_refreshed(state)

    async def _is_here(self, state: State) -> bool:
        """Tell whether a session is of the domain of the current request."""
        if self.domains.fixed is not None:
            return True
        return state.get("domain") == await self.domains.resolve(current_request())

    async def _require_here(self, state: State) -> None:
        if self.domains.fixed is None:
            await self.domains.resolve(current_request())
            self.domains.require(state.get("domain"), current_request())

    async def _stored(self, identifier: str, options: State | None) -> State | None:
        """Return the state as a dictionary: some methods of the SDK take no model."""
        with _outages_told():
            found = await self._store.get(identifier, options=options)
        return _inward(dumped(found)) if found else None

    def claims(
        self, current: CurrentRequest, ask: Callable[[], State | None]
    ) -> State | None:
        """Return the claims of the user; a request asks the SDK for them once."""
        if not current.has_claims:
            current.claims, current.has_claims = ask(), True
        return current.claims

    def reread(self, current: CurrentRequest) -> None:
        """Forget the claims, since other requests may have changed them."""
        current.has_claims = False

    async def name_of_session(
        self, options: State | None, family: Callable[[str], str]
    ) -> str | None:
        """Return a key from the refresh token; only the store has the session's id."""
        state = await self.get(KEY, options)
        if not state:
            return None
        if refresh_token := state.get("refresh_token"):
            return f"session {family(refresh_token)}"
        return f"session {state['internal'].get('sid')} of {_sub(state)}"

    async def delete(self, identifier: str, options: State | None = None) -> None:
        """End the session, with all that the app kept in it for the user."""
        if identifier != KEY:
            forget(current_request().jar, await self.domains.name(identifier))
            return
        before = await self._stored(identifier, options)
        if before is not None and not await self._is_here(before):
            return
        forget_all(current_request().jar)
        if before and current_request().token_claims is None:
            await _clear_session()
        with _outages_told():
            await self._store.delete(identifier, options=options)
        # The session has changed, so the next one who asks for the user asks the SDK.
        current_request().has_claims = False

    async def delete_by_logout_token(
        self, claims: State, options: State | None = None
    ) -> None:
        """End the sessions that the claims of a logout token name."""
        with _outages_told():
            await self._store.delete_by_logout_token(claims, options=options)


def _outward(state: State) -> State:
    """Return a state as the SDK's model takes it, which many stores open states with.

    It has no more fields in ``internal``, and requires what the SDK itself leaves out.
    """
    internal = {**state["internal"]}
    names = {each: internal.pop(each) for each in _NAMES if each in internal}
    found = state.get("connection_token_sets") or []
    tokens = [{**_ANY, **without_none(each)} for each in found]
    return {
        **state,
        **names,
        "connection_token_sets": tokens,
        "internal": internal,
    }


def _inward(state: State) -> State:
    """Return a state from a store as it was before."""
    names = {each: state.pop(each) for each in _NAMES if each in state}
    return {**state, "internal": {**state["internal"], **names}} if names else state


@contextmanager
def _outages_told() -> Iterator[None]:
    """Mark a failure of the store as told, so that its error page can go on."""
    try:
        yield
    except SessionStoreUnavailable:
        current_request().outage.is_told = True
        raise


async def _clear_session() -> None:
    current = current_request()
    if not current.is_empty:
        await loop.where_called(current.session.clear)


def _sub(state: State) -> t.Any:
    return (state.get("user") or {}).get("sub")
