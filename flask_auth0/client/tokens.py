"""Access tokens: for concurrent callers, one refresh reaches the tenant."""

from __future__ import annotations

import asyncio
import functools
import time
import typing as t
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager

import jwt
from auth0_server_python.error import (
    AccessTokenForConnectionError,
    AccessTokenForConnectionErrorCode,
)
from msgspec.structs import replace

from ..errors import (
    Auth0Error,
    LoginRequired,
    SessionStoreUnavailable,
    TenantError,
    TenantUnavailable,
    in_one_line,
)
from ..pages import Text
from ..runtime import loop
from ..runtime.logger import logger_of
from ..runtime.request import CurrentRequest, current_request, this_app
from ..runtime.telemetry import span
from ..runtime.tracebacks import without_secrets
from ..sessions.claims import with_userinfo
from ..sessions.cookies.delivery import require_response
from ..sessions.flows import during
from ..sessions.hooks import refuse_while_saving
from ..sessions.shapes import without_none
from ..sessions.storage_contract import KEY
from ..sessions.token_sets import (
    DEFAULT_AUDIENCE,
    HAS_USERINFO,
    Connection,
    Refresh,
    Wanted,
    check_new_id_token,
    connecting,
    newest_token,
    newest_token_set,
    refreshing,
    usable_connection_token,
    usable_token,
)
from . import late_writes
from .dispatch import bring_up_to_date, coroutine_on_loop
from .locks import RENEWAL, Held, leased
from .mfa_tokens import asking, name_of
from .refreshes import PastRefreshes
from .server_client import LoopClient
from .translation import KNOWN, WITHOUT_OFFLINE_ACCESS, translate
from .userinfo import claims_of_same

R = t.TypeVar("R")

#: What proves that an ID token is not one of the tenant's for this app.
_NOT_OURS = (
    jwt.InvalidAudienceError,
    jwt.InvalidIssuerError,
    jwt.InvalidSignatureError,
)
#: What only tells that it cannot be proven, as while there are no keys.
_UNPROVEN: tuple[type[Exception], ...] = (Auth0Error, *KNOWN)
#: Seconds between two looks whether new tokens are written.
_PAUSE = 0.05


class TokenClient(LoopClient):
    """The SDK's client, safe where several requests ask for a token at once."""

    async def get_access_token(
        self,
        store_options: dict[str, t.Any] | None = None,
        audience: str | None = None,
        scope: str | None = None,
        *,
        force_refresh: bool = False,
    ) -> str:
        """Return an access token; one that is about to expire is refreshed first.

        However many ask at the same time, one refresh reaches the tenant.

        :param scope: what the token must allow, beyond what was asked for at login.
        :param force_refresh: refresh the token even if it is good.
        """
        require_session()
        wanted = self._wanted(audience, scope)
        if not (force_refresh or self.store.needs_loop):
            # The report of a later error may show the variables of this frame.
            usable = usable_token(await self.store.get(KEY), wanted, self._clock.time())
            if usable is not None:
                return usable
        refresh = Refresh(wanted, self._clock.monotonic(), force_refresh)
        return await self._on_loop(
            self._newest_good_token, store_options, audience, scope, refresh
        )

    async def _newest_good_token(
        self,
        store_options: dict[str, t.Any] | None,
        audience: str | None,
        scope: str | None,
        refresh: Refresh,
    ) -> str:
        """Refresh a token; while the tenant cannot, return one that is still good."""
        newer = self._refreshed_token(store_options, audience, scope, refresh)
        if refresh.is_forced:
            return await newer
        wanted = replace(refresh.wanted, leeway=0)
        older = functools.partial(self._token_until_its_end, store_options, wanted)
        return await _newer_or_still_good(newer, older)

    async def _token_until_its_end(
        self, store_options: dict[str, t.Any] | None, wanted: Wanted
    ) -> str | None:
        state = await self.store.get(KEY, store_options)
        return usable_token(state, wanted, self._clock.time())

    async def replace_access_token(
        self, refused: str, audience: str | None = None, scope: str | None = None
    ) -> str:
        """Return an access token in place of one that an API has refused.

        However many of its requests were refused, one refresh reaches the tenant: a
        token that has been fetched since is returned.
        """
        require_session()
        refresh = Refresh(
            self._wanted(audience, scope), self._clock.monotonic(), is_forced=True
        )
        replacing = self._on_loop(
            self._refreshed_token, None, audience, scope, refresh, refused
        )
        # The report of an error may show the variables of this frame.
        del refused
        return await replacing

    def _wanted(self, audience: str | None, scope: str | None) -> Wanted:
        return Wanted(
            audience or self._config.audience or DEFAULT_AUDIENCE,
            scope or "",
            self._config.token_refresh_leeway,
        )

    def _on_loop(
        self, method: Callable[..., Awaitable[R]], *args: t.Any
    ) -> Coroutine[t.Any, t.Any, R]:
        return coroutine_on_loop(method, args, {}, self._config.timeout)

    async def refresh_user(
        self, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        """Ask the tenant who the user is now, and return the claims.

        ``current_user`` has them at once. However many ask at the same time, one
        refresh reaches the tenant. With ``AUTH0_FETCH_USERINFO``, its userinfo is asked
        for as well.

        :raises LoginRequired: when nobody is logged in, or when the session has no
            refresh token, so that only a new login can help.
        :raises TenantError: when the userinfo makes no sense. The new tokens are kept.
        """
        require_session()
        return await self._on_loop(self._refreshed_user, store_options)

    async def _refreshed_user(
        self, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        state = await self.store.get(KEY, store_options)
        if state and not state.get("refresh_token"):
            raise LoginRequired(
                Text(
                    "What is known of you cannot be renewed here. Please log in again."
                ),
                remedy=WITHOUT_OFFLINE_ACCESS,
                reason="no_refresh_token",
            )
        if state:
            await self.get_access_token(store_options, force_refresh=True)
            if self._config.fetch_userinfo:
                await self._renew_userinfo(store_options)
            state = await self.store.get(KEY, store_options)
        if not state:
            raise LoginRequired()
        return without_none(state["user"])

    async def _renew_userinfo(self, store_options: dict[str, t.Any] | None) -> None:
        """Ask for the userinfo of a user, once with each access token."""
        audience = self._wanted(None, None).audience
        async with self.turn_and_lease(store_options):
            state = await self.store.get(KEY, store_options)
            token_set = newest_token_set(state, audience)
            if not state or token_set is None or token_set.get(HAS_USERINFO):
                return
            jwks = await self._get_jwks_cached(await self.domain_here())
            found = await self._userinfo(token_set["access_token"], jwks)
            told = claims_of_same(state["user"]["sub"], found)
            token_set[HAS_USERINFO] = True
            changed = with_userinfo(state, told)
            await self.store.set(KEY, changed, options=store_options)

    async def _refreshed_token(
        self,
        store_options: dict[str, t.Any] | None,
        audience: str | None,
        scope: str | None,
        refresh: Refresh,
        refused: str | None = None,
    ) -> str:
        before = refused or await self._newest_token(store_options, refresh.wanted)
        async with AsyncExitStack() as stack:
            key = await stack.enter_async_context(self._turn(store_options))
            if key is not None and self._is_unwritten(key):
                self.store.reread(current_request())
                state = await self.store.get(KEY, store_options)
                found = _found_meanwhile(state, refresh, before, self._clock.time())
                if found is not None:
                    return found
            held = await stack.enter_async_context(self._lease(key, store_options))
            state = await self.store.get(KEY, store_options)
            found = _found_meanwhile(state, refresh, before, self._clock.time())
            if found is not None:
                return found
            # The repr of a partial would show the tokens in the report of an error.
            check = lambda tokens: check_new_id_token(tokens, state or {})  # noqa: E731
            lease = held.lease if held else None
            refresh = replace(refresh, check=check, lease=lease)
            refreshed = self._refresh(store_options, audience, scope, refresh, held)
            with during(asking, name_of(state)):
                return await _to_the_end(refreshed, stack.pop_all())

    async def _refresh(
        self,
        store_options: dict[str, t.Any] | None,
        audience: str | None,
        scope: str | None,
        refresh: Refresh,
        held: Held | None,
    ) -> str:
        # The task that runs this has a context of its own, which ends with it.
        refreshing.set(refresh)
        try:
            found = await super().get_access_token(store_options, audience, scope)
        finally:
            if held is not None and self._is_unwritten(held.key):
                late_writes.begin(self.store.unwritten, held, self.here().turns)
        if await self.store.get(KEY, store_options) is None:
            raise LoginRequired(Text("Your session has ended. Please log in again."))
        return found

    async def _until_written(self, record: str, limit: float) -> None:
        """Wait until the back end has taken the tokens of the last refresh.

        :raises SessionStoreUnavailable: when the limit is over.
        """
        until = time.monotonic() + limit
        while self._is_unwritten(record):
            if time.monotonic() > until:
                raise SessionStoreUnavailable()
            await asyncio.sleep(_PAUSE)

    def _is_unwritten(self, record: str) -> bool:
        unwritten = self.store.unwritten
        return unwritten.are_there and unwritten.get(record) is not None

    async def _newest_token(
        self, store_options: dict[str, t.Any] | None, wanted: Wanted
    ) -> str | None:
        state = await self.store.get(KEY, store_options)
        return newest_token(state, wanted.audience)

    async def get_access_token_for_connection(
        self,
        options: dict[str, t.Any],
        store_options: dict[str, t.Any] | None = None,
    ) -> str:
        """Return an access token of a connection, such as ``google-oauth2``.

        However many ask at the same time, one request reaches the tenant, where the
        server keeps the session.
        """
        require_session()
        if not self.store.needs_loop:
            connection = _connection(options)
            leeway = self._config.token_refresh_leeway
            usable = await self._usable_connection_token(connection, None, leeway)
            if usable is not None:
                return usable
        return await self._on_loop(self._connection_token, options, store_options)

    async def _connection_token(
        self, options: dict[str, t.Any], store_options: dict[str, t.Any] | None
    ) -> str:
        connection = _connection(options)
        usable = self._usable_connection_token
        return await _newer_or_still_good(
            self._fetched_connection_token(connection, options, store_options),
            functools.partial(usable, connection, store_options, 0),
        )

    async def _fetched_connection_token(
        self,
        connection: Connection,
        options: dict[str, t.Any],
        store_options: dict[str, t.Any] | None,
    ) -> str:
        leeway = self._config.token_refresh_leeway
        async with self.turn_and_lease(store_options):
            # Another request may have fetched the token while this one waited.
            usable = await self._usable_connection_token(
                connection, store_options, leeway
            )
            if usable is not None:
                return usable
            token = connecting.set(connection)
            try:
                find = super().get_access_token_for_connection
                return await find(options, store_options)
            finally:
                connecting.reset(token)

    async def _usable_connection_token(
        self,
        connection: Connection,
        store_options: dict[str, t.Any] | None,
        leeway: int,
    ) -> str | None:
        state = await self.store.get(KEY, store_options)
        return usable_connection_token(state, connection, leeway, self._clock.time())

    async def get_token_for_connection(
        self, options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """Exchange a refresh token for the access token of a connection."""
        waiting = self._on_loop(self._exchanged_for_connection, options)
        # The report of an error may show the variables of this frame.
        del options
        return await waiting

    async def _exchanged_for_connection(
        self, options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        here = self.domains.fixed or await self.domain_here()
        domain = options.get("domain") or here
        try:
            found = await super().get_token_for_connection(
                {**options, "domain": domain}
            )
        except TypeError as error:
            # The SDK hands the constructor of its error one argument too many.
            raise AccessTokenForConnectionError(
                AccessTokenForConnectionErrorCode.FETCH_ERROR,
                "The access token of a connection could not be fetched.",
            ) from error.__context__
        # The SDK returns expires_at, but reads expires_in when it keeps the token.
        return {**found, "expires_in": found["expires_at"] - int(self._clock.time())}

    async def require_login(self, current: CurrentRequest) -> None:
        """Raise an error if a login could not be kept, before its code is spent.

        :raises Auth0Error: when no response takes its cookies to the browser.
        :raises SessionStoreUnavailable: when the back end does not answer.
        """
        require_response(current, "log anybody in")
        await loop.where_called(lambda: self.store.require_available(current.app))

    @asynccontextmanager
    async def turn_and_lease(
        self, store_options: dict[str, t.Any] | None
    ) -> AsyncIterator[None]:
        """Take the session's turn in this process, and its lease among all of them."""
        async with self._turn(store_options) as key, self._lease(key, store_options):
            yield

    @asynccontextmanager
    async def _turn(
        self, store_options: dict[str, t.Any] | None
    ) -> AsyncIterator[str | None]:
        """Take the session's turn in this process; yield the key of the turn."""
        refuse_while_saving()
        here = self.here()
        name = self.store.name_of_session
        key = await name(store_options, here.past_refreshes.family)
        async with AsyncExitStack() as stack:
            turn = stack.enter_async_context(here.turns.turn(key))
            await (self._behind_another(turn) if here.turns.is_taken(key) else turn)
            yield key

    def _behind_another(
        self, waiting: Coroutine[t.Any, t.Any, R]
    ) -> Coroutine[t.Any, t.Any, R]:
        """Wait for another request of a session, which may wait for the tenant."""
        return self.transports.guards.places.behind_another(waiting)

    @asynccontextmanager
    async def _lease(
        self, key: str | None, store_options: dict[str, t.Any] | None
    ) -> AsyncIterator[Held | None]:
        """Take the session's lease; yield ``None`` if processes share no back end."""
        current = current_request()
        async with AsyncExitStack() as stack:
            held, place = None, self.store.meeting_point(current.app)
            if key is not None and place is not None:
                await self._until_written(key, place.limit)
                lease = stack.enter_async_context(leased(place, key))
                held = await self._behind_another(lease)
            self.store.reread(current)
            bring_up_to_date(store_options, current)
            yield held

    async def get_token_by_refresh_token(
        self, options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """Exchange a refresh token for new tokens.

        An exchange that this process has just made is not made again.
        """
        current = current_request()
        self.store.require_writable(current)
        waiting = self._on_loop(self._exchanged, options)
        # The report of an error may show the variables of this frame.
        del options
        tokens = await waiting
        current.has_new_tokens = True
        return tokens

    async def _exchanged(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        here, refresh = self.here(), refreshing.get()
        domain = self.domains.fixed or await self.domain_here()
        options = {**options, "domain": options.get("domain") or domain}
        old = options.get("refresh_token") or ""
        asked = (options.get("audience") or "", options.get("scope") or "")
        async with AsyncExitStack() as stack:
            family = here.past_refreshes.family(old)
            turn = stack.enter_async_context(here.turns.turn(family))
            is_taken = here.turns.is_taken(family)
            await (self._behind_another(turn) if is_taken else turn)
            answer = here.past_refreshes.answer(old, asked, refresh)
            if answer is not None:
                return answer
            newest = {**options, "refresh_token": here.past_refreshes.newest(old)}
            exchanging = self._exchange(here.past_refreshes, newest, asked, refresh)
            return await _to_the_end(exchanging, stack.pop_all())

    async def _exchange(
        self,
        past: PastRefreshes,
        options: dict[str, t.Any],
        asked: tuple[str, str],
        refresh: Refresh | None,
    ) -> dict[str, t.Any]:
        used = options["refresh_token"]
        if refresh is not None:
            await _require_lease(refresh)
        try:
            with span("refresh"):
                found = await super().get_token_by_refresh_token(options)
                if refresh is not None:
                    refresh.check(found)
                    found = await self._with_good_id_token(found, options)
        except Exception as error:
            past.note_failure(used, error)
            raise
        # A tenant that does not rotate refresh tokens sends no new one.
        tokens: dict[str, t.Any] = {"refresh_token": used, **found}
        past.note(used, asked, tokens)
        return tokens

    async def _with_good_id_token(
        self, tokens: dict[str, t.Any], options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """Return the tokens of a refresh, without an ID token that proves nothing.

        The tenant has spent the refresh token, so that an outage of its keys must not
        cost the new one.

        :raises TenantError: when the ID token is forged, or another client's.
        """
        token = tokens.get("id_token")
        if not token:
            return tokens
        here = self.domains.fixed or await self.domain_here()
        domain = options.get("domain") or here
        try:
            verified = self.claims_of(token, domain)
            await asyncio.wait_for(verified, self._config.timeout / 2)
        except _NOT_OURS as error:
            hint = f"A refresh brought an ID token that is not good: {error}"
            raise TenantError(remedy=hint) from without_secrets(error)
        except _UNPROVEN as error:
            told = in_one_line(str(error)) or type(error).__name__
            logger_of(this_app()).warning(
                "The claims of a user stay as they are, since the ID token of a "
                "refresh cannot be verified: %s",
                told,
                extra={"reason": "id_token_not_verified"},
            )
            return {name: tokens[name] for name in tokens if name != "id_token"}
        return tokens

    async def claims_of(self, id_token: str, domain: str) -> dict[str, t.Any]:
        """Return the claims of an ID token that the tenant has signed for this app."""
        jwks = await self._get_jwks_cached(domain)
        return await self._verify_and_decode_jwt(id_token, jwks)


async def _newer_or_still_good(
    newer: Coroutine[t.Any, t.Any, str],
    older: Callable[[], Coroutine[t.Any, t.Any, str | None]],
) -> str:
    """Return a token of the tenant; while that cannot answer, one that is still good.

    :param newer: asks the tenant.
    :param older: returns the token before, until its end.
    """
    try:
        return await newer
    except _UNPROVEN as error:
        if not isinstance(translate(error), TenantUnavailable):
            raise
        found = await older()
        if found is None:
            raise
        return found


def _found_meanwhile(
    state: dict[str, t.Any] | None, refresh: Refresh, before: str | None, now: float
) -> str | None:
    """Return a token that another request has fetched while this one waited."""
    usable = usable_token(state, refresh.wanted, now)
    newest = newest_token(state, refresh.wanted.audience)
    if newest != before and usable != before:
        return usable or (None if refresh.wanted.scope else newest)
    return None if refresh.is_forced else usable


def _connection(options: dict[str, t.Any]) -> Connection:
    return Connection(options["connection"], options.get("login_hint"))


async def _require_lease(refresh: Refresh) -> None:
    """Renew the lease of a refresh that has waited, or refuse to spend its token.

    :raises SessionStoreUnavailable: when another process may hold the lease by now, or
        the back end cannot be written.
    """
    lease = refresh.lease
    if lease is None or lease.age < RENEWAL:
        return
    if not await loop.where_called(lease.renew):
        raise SessionStoreUnavailable()


async def _to_the_end(work: Coroutine[t.Any, t.Any, R], stack: AsyncExitStack) -> R:
    """Do work to its end, even if its request is cancelled, then leave the contexts.

    A tenant that has exchanged a refresh token will not do so again.
    """

    async def run() -> R:
        async with stack:
            return await work

    task = asyncio.ensure_future(run())
    # The request that waits gets the error. If none waits, asyncio would log it as
    # never retrieved.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(task)


def require_session() -> None:
    """Refuse a call that needs a session, in a request with an access token.

    :raises LoginRequired: with status 403, since the token is good, and no login of
        its client could help.
    """
    if current_request().token_claims is not None:
        error = LoginRequired(
            "This was called with an access token, and needs a user's session.",
            code=403,
            remedy="A request with an access token has no session, and none of a "
            "session's tokens. Exchange its own token for one of another API.",
        )
        error.login_url = None
        raise error
