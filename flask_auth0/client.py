"""Our ``ServerClient``: awaitable from any event loop, with shared HTTP connections."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
import typing as t
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager

import jwt
from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.error import BackchannelLogoutError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from flask import current_app, has_request_context

from . import loop
from .answers import check_endpoints, check_id_token, find_key
from .config import Config
from .connections import CheckedHttp, Connections
from .dispatch import OnOurLoop, Refreshes, dispatch
from .errors import ConfigurationError, LoginRequired
from .logout_tokens import check_logout_claims
from .per_request import per_request
from .session_hooks import checked_claims, refuse_while_saving, with_claims
from .sessions.records import store_of
from .sessions.repairs import (
    DEFAULT_AUDIENCE,
    Refresh,
    Wanted,
    newest_token,
    refreshing,
    usable_token,
)
from .sessions.state import KEY, SessionStateStore
from .sessions.transactions import TRANSACTION_KEY

#: In the discovery document of a development tenant.
DEVELOPMENT_MARKER = "flask_auth0_development_tenant"

#: Methods that wait for a person on another device, for as long as it takes.
WAITING = {"login_backchannel", "backchannel_authentication"}
#: Seconds between two looks for new keys, however many tokens ask for unknown ones.
JWKS_INTERVAL = 30

R = t.TypeVar("R")


class Client(ServerClient[t.Any]):  # type: ignore[misc]
    """The SDK's client, safe in a Flask app.

    Every public coroutine runs on the extension's own event loop, wherever it is
    awaited, and is told the current request and a response that collects cookies.
    """

    def __init__(self, config: Config, **stores: t.Any) -> None:
        self._config = config
        self._connections: Connections | None = None
        self._next_jwks_at = 0.0
        super().__init__(
            domain=config.domain,
            client_id=config.client_id,
            client_secret=config.client_secret,
            redirect_uri=config.redirect_uri,
            secret=config.secret[0],
            organization=config.organization,
            authorization_params=config.authorization_parameters,
            state_identifier=KEY,
            transaction_identifier=TRANSACTION_KEY,
            **stores,
        )

    async def get_user(
        self, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any] | None:
        """Return the claims of the user, or ``None`` when nobody is logged in."""
        if isinstance(self._state_store, SessionStateStore):
            return await self._state_store.user()
        found = await dispatch(super().get_user, (store_options,), {})
        return t.cast("dict[str, t.Any] | None", found)

    async def get_session(
        self, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any] | None:
        """Return the session without its internals, or ``None``."""
        if isinstance(self._state_store, SessionStateStore):
            found = await super().get_session(store_options)
        else:
            found = await dispatch(super().get_session, (store_options,), {})
        return t.cast("dict[str, t.Any] | None", found)

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
        :param force_refresh: refresh it even if it is good.
        """
        wanted = Wanted(
            audience or self._config.audience or DEFAULT_AUDIENCE,
            scope or "",
            self._config.token_refresh_leeway,
        )
        if not force_refresh and isinstance(self._state_store, SessionStateStore):
            state = await self._state_store.get(KEY)
            usable = usable_token(state, wanted, time.time()) if state else None
            if usable is not None:
                return usable
        refresh = Refresh(wanted, time.monotonic(), force_refresh)
        arguments = (store_options, audience, scope, refresh)
        limit = self._config.timeout
        return await dispatch(self._refreshed_token, arguments, {}, limit)

    async def _refreshed_token(
        self,
        store_options: dict[str, t.Any] | None,
        audience: str | None,
        scope: str | None,
        refresh: Refresh,
    ) -> str:
        before = await self._newest_token(store_options, refresh.wanted)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._turn(store_options))
            found = await self._found_meanwhile(store_options, refresh, before)
            if found is not None:
                return found
            return await _to_the_end(
                self._refresh(store_options, audience, scope, refresh),
                stack.pop_all(),
            )

    async def _found_meanwhile(
        self,
        store_options: dict[str, t.Any] | None,
        refresh: Refresh,
        before: str | None,
    ) -> str | None:
        """Return a token that somebody else has got while we waited."""
        state = await self._state_store.get(KEY, store_options)
        if not state:
            return None
        usable = usable_token(state, refresh.wanted, time.time())
        newest = newest_token(state, refresh.wanted.audience)
        if newest != before:
            return usable or (None if refresh.wanted.scope else newest)
        return None if refresh.is_forced else usable

    async def _refresh(
        self,
        store_options: dict[str, t.Any] | None,
        audience: str | None,
        scope: str | None,
        refresh: Refresh,
    ) -> str:
        refreshing.set(refresh)
        found = await super().get_access_token(store_options, audience, scope)
        if await self._state_store.get(KEY, store_options) is None:
            raise LoginRequired("Your session has ended. Please log in again.")
        return t.cast(str, found)

    async def _newest_token(
        self, store_options: dict[str, t.Any] | None, wanted: Wanted
    ) -> str | None:
        state = await self._state_store.get(KEY, store_options)
        return newest_token(state, wanted.audience) if state else None

    async def get_access_token_for_connection(
        self,
        options: dict[str, t.Any],
        store_options: dict[str, t.Any] | None = None,
    ) -> str:
        """Return an access token of a connection, such as ``google-oauth2``."""
        arguments = (options, store_options)
        limit = self._config.timeout
        return await dispatch(self._connection_token, arguments, {}, limit)

    async def _connection_token(
        self, options: dict[str, t.Any], store_options: dict[str, t.Any] | None
    ) -> str:
        async with self._turn(store_options):
            find = super().get_access_token_for_connection
            return t.cast(str, await find(options, store_options))

    async def update_session(
        self, claims: t.Mapping[str, t.Any] | None = None, /, **more: t.Any
    ) -> None:
        """Change claims of the user in this session; ``None`` removes one.

        :raises LoginRequired: when nobody is logged in.
        :raises ValueError: for a claim that says who the user is, such as ``sub``.
        :raises TypeError: for a claim that cannot be kept as JSON.
        :raises SessionTooLarge: when it does not fit into cookies; nothing changes.
        """
        changes = checked_claims({**(claims or {}), **more})
        limit = self._config.timeout
        await dispatch(self._update_session, (changes,), {}, limit)

    async def _update_session(
        self, changes: dict[str, t.Any], store_options: dict[str, t.Any] | None = None
    ) -> None:
        if has_request_context() and isinstance(self._state_store, SessionStateStore):
            self._state_store.require_writable()
        store = self._state_store
        async with self._turn(store_options):
            state = await store.get(KEY, store_options)
            if state:
                changed = with_claims(state, changes)
                await store.set(KEY, changed, options=store_options)
                state = await store.get(KEY, store_options)
        if not state:
            # Nobody was, or somebody has logged out meanwhile.
            raise LoginRequired()

    @asynccontextmanager
    async def _turn(
        self, store_options: dict[str, t.Any] | None
    ) -> AsyncIterator[None]:
        """Wait until nobody else changes the tokens or claims of this session."""
        refuse_while_saving()
        turns, store = self._here().turns, self._state_store
        if isinstance(store, SessionStateStore):
            entry = await loop.where_called(store.current_entry)
            place = store_of(current_app.session_interface)
            async with turns.turn(entry.record if entry else None, place):
                await loop.where_called(store.reread)
                yield
            return
        state = await store.get(KEY, store_options) or {}
        family = self._here().exchanges.family(state.get("refresh_token") or "")
        async with turns.turn(f"session {family}"):
            yield

    async def get_token_by_refresh_token(
        self, options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """Exchange a refresh token for new tokens.

        Where that has just been done, in this process, return what it has brought.
        """
        if has_request_context() and isinstance(self._state_store, SessionStateStore):
            self._state_store.require_writable()
        limit = self._config.timeout
        tokens = await dispatch(self._exchanged, (options,), {}, limit)
        if has_request_context():
            per_request(Refreshes).happened = True
        return tokens

    async def _exchanged(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        here, refresh = self._here(), refreshing.get()
        old = options.get("refresh_token") or ""
        asked = (options.get("audience") or "", options.get("scope") or "")
        async with AsyncExitStack() as stack:
            family = here.exchanges.family(old)
            await stack.enter_async_context(here.turns.turn(family))
            answer = here.exchanges.answer(old, asked, refresh)
            if answer is not None:
                return answer
            newest = {**options, "refresh_token": here.exchanges.newest(old)}
            return await _to_the_end(self._exchange(newest, asked), stack.pop_all())

    async def _exchange(
        self, options: dict[str, t.Any], asked: tuple[str, str]
    ) -> dict[str, t.Any]:
        exchanges, used = self._here().exchanges, options["refresh_token"]
        try:
            found = await super().get_token_by_refresh_token(options)
        except Exception as error:
            exchanges.note_failure(used, error)
            raise
        # Without a new one, the one that was used is still good.
        tokens: dict[str, t.Any] = {"refresh_token": used, **found}
        exchanges.note(used, asked, tokens)
        return tokens

    async def handle_backchannel_logout(
        self, logout_token: str, store_options: dict[str, t.Any] | None = None
    ) -> None:
        """End the sessions that a logout token names.

        :raises BackchannelLogoutError: when the token is not good.
        """
        await self.end_by_logout_token(logout_token, store_options)

    async def end_by_logout_token(
        self, logout_token: str, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        """End the sessions that a logout token names, and return its claims."""
        arguments = (logout_token, store_options)
        limit = self._config.timeout
        return await dispatch(self._end_by_logout_token, arguments, {}, limit)

    async def _end_by_logout_token(
        self, logout_token: str, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        # The SDK's own check wants both a sub and a sid, and takes a nonce.
        try:
            claims = await self._logout_claims(logout_token)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise BackchannelLogoutError(f"Invalid logout token: {error}") from error
        named = {"sub": None, "sid": None, **claims}
        await self._state_store.delete_by_logout_token(named, store_options)
        return claims

    async def _logout_claims(self, token: str) -> dict[str, t.Any]:
        header = jwt.get_unverified_header(token)
        metadata = await self._get_oidc_metadata_cached(self._config.domain)
        jwks = await self._get_jwks_cached(self._config.domain, metadata)
        claims = await self._verify_and_decode_jwt(token, jwks)
        check_logout_claims(header, claims, metadata["issuer"])
        return claims

    @property
    def mfa(self) -> t.Any:
        """The SDK's client for multi-factor authentication."""
        return OnOurLoop(super().mfa)

    @property
    def passwordless(self) -> t.Any:
        """The SDK's client for passwordless logins."""
        return OnOurLoop(super().passwordless)

    @property
    def anonymous(self) -> t.Any:
        """The SDK's client for anonymous sessions."""
        return OnOurLoop(super().anonymous)

    async def end_session_endpoint(self) -> str | None:
        """Return the tenant's ``end_session_endpoint``, if it publishes one."""
        if not loop.is_current():
            return await loop.call(self.end_session_endpoint())
        metadata = await self._get_oidc_metadata_cached(self._config.domain)
        return t.cast("str | None", metadata.get("end_session_endpoint"))

    async def revoke_refresh_token(self, refresh_token: str) -> None:
        """Make a refresh token worthless, at the tenant (RFC 7009)."""
        if not loop.is_current():
            return await loop.call(self.revoke_refresh_token(refresh_token))
        domain, oauth = self._config.domain, self._oauth
        metadata = await self._get_oidc_metadata_cached(domain)
        response = await oauth.revoke_token(
            metadata.get("revocation_endpoint") or f"https://{domain}/oauth/revoke",
            token=refresh_token,
            # Auth0 documents no other way for this endpoint.
            auth=oauth.client_auth("client_secret_post"),
        )
        response.raise_for_status()

    # The SDK has no public way to give it HTTP connections, to see the discovery
    # document, or to look for newer keys. It calls the methods below.

    @property
    def _oauth(self) -> AsyncOAuth2Client:
        return self._here().oauth

    @_oauth.setter
    def _oauth(self, value: AsyncOAuth2Client) -> None:
        """Ignore the client that the SDK makes: it belongs to no event loop."""

    def _get_http_client(self, **kwargs: t.Any) -> t.Any:
        return self._shared_http()

    async def _get_oidc_metadata_cached(self, domain: str) -> dict[str, t.Any]:
        # Who comes while the first one asks, waits for the same answer.
        async with self._here().turns.turn("metadata"):
            found = await super()._get_oidc_metadata_cached(domain)
        return t.cast("dict[str, t.Any]", found)

    async def _get_jwks_cached(
        self, domain: str, metadata: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        async with self._here().turns.turn("jwks"):
            found = await super()._get_jwks_cached(domain, metadata)
        return t.cast("dict[str, t.Any]", found)

    async def _fetch_oidc_metadata(self, domain: str) -> dict[str, t.Any]:
        metadata: dict[str, t.Any] = await super()._fetch_oidc_metadata(domain)
        check_endpoints(metadata)
        self._refuse_development_tenant(metadata)
        return metadata

    async def _verify_and_decode_jwt(
        self, token: str, jwks: dict[str, t.Any], audience: str | None = None
    ) -> dict[str, t.Any]:
        # The SDK keeps keys for ten minutes, while the tenant may have new ones.
        kid = jwt.get_unverified_header(token).get("kid")
        key = find_key(jwks, kid) or find_key(await self._newer_jwks(jwks), kid)
        if key is None:
            raise ValueError("The tenant has no such key.")
        return check_id_token(token, key, audience or self._config.client_id)

    async def _newer_jwks(self, jwks: dict[str, t.Any]) -> dict[str, t.Any]:
        if time.monotonic() < self._next_jwks_at:
            return jwks
        self._next_jwks_at = time.monotonic() + JWKS_INTERVAL
        domain = self._config.domain
        metadata = await self._get_oidc_metadata_cached(domain)
        newer: dict[str, t.Any] = await self._fetch_jwks(metadata["jwks_uri"])
        # Not sooner: anybody can make us look, and all need the keys that are known.
        if domain in self._discovery_cache:
            self._discovery_cache[domain]["jwks"] = newer
        return newer

    @asynccontextmanager
    async def _shared_http(self) -> AsyncIterator[CheckedHttp]:
        # Whoever leaves the context would close the connections of all the others.
        yield CheckedHttp(self._here().http)

    def _here(self) -> Connections:
        running = asyncio.get_running_loop()
        found = self._connections
        # After a fork there is another loop, and the parent's connections are no use.
        if found is None or found.loop is not running:
            found = Connections(self._config, self._telemetry_headers, running)
            self._connections = found
            weakref.finalize(self, found.close_soon).atexit = False
        return found

    def _refuse_development_tenant(self, metadata: t.Mapping[str, t.Any]) -> None:
        if (
            not metadata.get(DEVELOPMENT_MARKER)
            or self._config.allow_development_tenant
        ):
            return
        if not (current_app.debug or current_app.testing):
            raise ConfigurationError(
                f"{self._config.domain} is a development tenant: anyone can log in as "
                "anybody there. Set AUTH0_DOMAIN to a tenant of Auth0, or run the app "
                "in debug mode, or set AUTH0_ALLOW_DEVELOPMENT_TENANT."
            )


async def _to_the_end(work: Coroutine[t.Any, t.Any, R], stack: AsyncExitStack) -> R:
    """Do work to its end, even if nobody waits for it any more, and then let go.

    A tenant that has exchanged a refresh token will not do so again.
    """

    async def run() -> R:
        async with stack:
            return await work

    task = asyncio.ensure_future(run())
    # Whoever waits hears of an error; if nobody does, there is nobody to tell.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(task)


def _on_our_loop(method: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    @functools.wraps(method)
    async def call(self: Client, *args: t.Any, **kwargs: t.Any) -> R:
        limit = None if method.__name__ in WAITING else self._config.timeout
        return await dispatch(method, (self, *args), kwargs, limit)

    return call


for _name, _method in inspect.getmembers(ServerClient, inspect.iscoroutinefunction):
    if not _name.startswith("_") and _name not in vars(Client):
        setattr(Client, _name, _on_our_loop(_method))
