"""Our ``ServerClient``: every call of the SDK, awaitable from any event loop."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import typing as t
from collections.abc import Awaitable, Callable

import jwt
from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import SessionTransferTokenResult
from auth0_server_python.error import ApiError, BackchannelLogoutError
from pydantic import ValidationError

from ..config.urls import domain_of
from ..errors import LoginRequired, TenantError
from ..pages import Text
from ..runtime import loop
from ..runtime.request import current_request
from ..sessions.claims import claims_in
from ..sessions.hooks import checked_claims, with_claims
from ..sessions.storage_contract import KEY
from .anonymous import Anonymous
from .backchannel_logins import continued, state_of_login
from .dispatch import coroutine_on_loop
from .flow_client import FlowClient
from .logout_tokens import (
    check_logout_claims,
    issuer_claimed_by,
    refuse_unsigned,
)
from .mfa import Mfa
from .nesting import refuse_deep_header
from .signed_tokens import check_id_token, verified_claims
from .tokens import TokenClient, require_session

#: Methods without a time limit, since a person on another device answers.
WAITING = {"login_backchannel", "backchannel_authentication"}
#: Methods of the SDK that begin a session.
LOGINS = {"login_with_custom_token_exchange", "signin_with_passkey"}
R = t.TypeVar("R")
C = t.TypeVar("C", bound=TokenClient)


def _on_our_loop(method: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    @functools.wraps(method)
    async def call(self: TokenClient, *args: t.Any, **kwargs: t.Any) -> R:
        if method.__name__ in LOGINS:
            await self.require_login(current_request())
        limit = None if method.__name__ in WAITING else self._config.timeout
        waiting: Awaitable[R] = coroutine_on_loop(
            method.__get__(self), args, kwargs, limit
        )
        # The report of an error may show the variables of this frame.
        del args, kwargs
        try:
            return await waiting
        except ValidationError as error:
            # The text of this error has the values, tokens among them.
            hint = f"Its answer is no {error.title}."
        raise TenantError(remedy=hint)

    return call


def _all_on_our_loop(client: type[C]) -> type[C]:
    """Let each public coroutine that a class has from the SDK run on our loop.

    The class is searched for them, since a newer release of the SDK may have more.
    """
    for name, method in inspect.getmembers(ServerClient, inspect.iscoroutinefunction):
        if not name.startswith("_") and getattr(client, name) is method:
            setattr(client, name, _on_our_loop(method))
    return client


@_all_on_our_loop
class Client(FlowClient):
    """The SDK's client, safe in a Flask app.

    Every public coroutine runs on the extension's own event loop, wherever it is
    awaited, and is told the current request and a response that collects cookies.
    """

    async def get_user(
        self, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any] | None:
        """Return the claims of the user, or ``None`` when nobody is logged in."""
        current = current_request()
        if current.token_claims is not None:
            return copy.deepcopy(dict(current.token_claims))
        if current.outage.is_told:
            return None
        return await self.user_of_session(store_options)

    async def get_session(
        self, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any] | None:
        """Return the session without its internals, or ``None``."""
        if current_request().token_claims is not None:
            return None
        if self.store.needs_loop:
            return await coroutine_on_loop(super().get_session, (store_options,), {})
        return await super().get_session(store_options)

    async def update_session(
        self, claims: t.Mapping[str, t.Any] | None = None, /, **more: t.Any
    ) -> None:
        """Change claims of the user in this session; ``None`` removes one.

        :raises LoginRequired: when nobody is logged in.
        :raises ValueError: for a claim that says who the user is, such as ``sub``.
        :raises TypeError: for a claim that cannot be kept as JSON.
        :raises SessionTooLarge: when it does not fit into cookies; nothing changes.
        """
        require_session()
        changes = checked_claims({**(claims or {}), **more})
        await self._on_loop(self._update_session, changes)

    async def _update_session(
        self, changes: dict[str, t.Any], store_options: dict[str, t.Any] | None = None
    ) -> None:
        store = self.store
        store.require_writable(current_request())
        async with self.turn_and_lease(store_options):
            state = await store.get(KEY, store_options)
            if state:
                changed = with_claims(state, changes)
                await store.set(KEY, changed, options=store_options)
                state = await store.get(KEY, store_options)
        if not state:
            # A logout may have ended the session before the SDK wrote it.
            raise LoginRequired()

    async def login_backchannel(
        self,
        options: dict[str, t.Any],
        store_options: dict[str, t.Any] | None = None,
    ) -> dict[str, t.Any]:
        """Log in a person who answers on another device (CIBA), and wait for that.

        It is a login like any other. Somebody else who was logged in here is not any
        more; the same person goes on, with the tokens for other APIs.

        :param options: ``login_hint``, ``binding_message`` and ``authorization_params``
            of the SDK.
        :returns: the ``authorization_details`` that were granted, if there are any.
        :raises ApiError: when the person refuses, or does not answer in time.
        """
        waiting = coroutine_on_loop(
            self._login_backchannel, (options, store_options), {}
        )
        # The report of an error may show the variables of this frame.
        del options
        return await waiting

    async def _login_backchannel(
        self,
        options: dict[str, t.Any],
        store_options: dict[str, t.Any] | None = None,
    ) -> dict[str, t.Any]:
        store = self.store
        await self.require_login(current_request())
        tokens = await self.backchannel_authentication(options, store_options)
        login = await self._state_of_login(tokens, options)
        # The session may have changed while the person decided.
        async with self.turn_and_lease(store_options):
            before = await store.get(KEY, store_options)
            if before and before["user"]["sub"] == login["user"]["sub"]:
                login = continued(before, login)
            await store.begin(login, store_options)
        await self._clear_anonymous_session_after_login(store_options)
        return {"authorization_details": tokens.get("authorization_details")}

    async def _state_of_login(
        self, tokens: dict[str, t.Any], options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        if not tokens.get("id_token"):
            raise TenantError(Text("The login service did not say who logged in."))
        config, asked = self._config, options.get("authorization_params") or {}
        audience = asked.get("audience") or config.audience
        domain = await self.domain_here()
        try:
            claims = await self.claims_of(tokens["id_token"], domain)
            now = self._clock.time()
            return state_of_login(tokens, claims, audience, domain, now)
        except (jwt.PyJWTError, ValueError) as error:
            raise ApiError("invalid_token", str(error), error) from error

    async def request_session_transfer_token(
        self,
        subject_token: str,
        subject_token_type: str,
        actor_token: str | None = None,
        actor_token_type: str | None = None,
        scope: str | None = None,
        organization: str | None = None,
        store_options: dict[str, t.Any] | None = None,
    ) -> SessionTransferTokenResult:
        """Request a token with which a browser is logged in as somebody else.

        :param actor_token: of who acts for that person; by default, of who is logged
            in, whose ID token is refreshed if it has expired.
        :raises CustomTokenExchangeError: when the tenant refuses it, or nobody acts.
        """
        if actor_token is None:
            await self._on_loop(self._renew_id_token)
        request = super().request_session_transfer_token
        subject = (subject_token, subject_token_type)
        actor = (actor_token, actor_token_type)
        waiting = self._on_loop(
            request, *subject, *actor, scope, organization, store_options
        )
        # The report of an error may show the variables of this frame.
        del subject_token, subject, actor_token, actor
        return await waiting

    async def _renew_id_token(
        self, store_options: dict[str, t.Any] | None = None
    ) -> None:
        """Refresh an ID token that has expired, in the session's turn.

        The SDK would do so beside other refreshes, and spend their refresh token.
        """
        state = await self.store.get(KEY, store_options)
        if not state or not state.get("refresh_token"):
            return
        claims = claims_in(state.get("id_token")) or {}
        if claims.get("exp", 0) <= self._clock.time():
            await self.get_access_token(store_options, force_refresh=True)

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
        return await self._on_loop(
            self._end_by_logout_token, logout_token, store_options
        )

    async def _end_by_logout_token(
        self, logout_token: str, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        # The SDK requires both sub and sid, and accepts a nonce, against the
        # specification.
        try:
            claims = await self._logout_claims(logout_token)
        except (jwt.PyJWTError, ValueError) as error:
            raise BackchannelLogoutError(f"Invalid logout token: {error}") from error
        named = {"sub": None, "sid": None, **claims}
        await self.store.delete_by_logout_token(named, store_options)
        return claims

    async def _logout_claims(self, token: str) -> dict[str, t.Any]:
        refuse_deep_header(token)
        header = jwt.get_unverified_header(token)
        refuse_unsigned(header, token)
        discovery, domain = self.discovery, await self._domain_of_logout(token)
        issuer = (await discovery.metadata(domain))["issuer"]
        jwks = await discovery.jwks(domain)
        newer = functools.partial(
            discovery.newer_jwks, domain, jwks, self.patience_with_strangers
        )
        check = functools.partial(
            check_id_token, client_id=self._config.client_id, issuer=issuer
        )
        claims = await verified_claims(token, jwks, newer, check)
        check_logout_claims(header, claims)
        return claims

    async def _domain_of_logout(self, token: str) -> str:
        """Return the domain whose keys a logout token has to be signed with.

        The tenant may send it to another host than that of its users. Only a domain
        that the app's function has told is asked for keys.

        :raises ValueError: when its issuer is not known.
        """
        if self.domains.fixed is not None:
            return self.domains.fixed
        claimed, current = issuer_claimed_by(token), current_request()
        domain = domain_of(claimed)
        if not current.is_empty and domain == await self.domains.resolve(current):
            return domain
        if self.discovery.known("metadata", domain) is None:
            raise ValueError("Its issuer is not known here.")
        return domain

    @property
    def mfa(self) -> t.Any:
        """The SDK's client for multi-factor authentication."""
        return Mfa(self, super().mfa, self._config, self._clock)

    @property
    def anonymous(self) -> t.Any:
        """The SDK's client for anonymous sessions."""
        return Anonymous(super().anonymous, self.visitors, self._config.timeout)

    async def end_session_endpoint(self) -> str | None:
        """Return the tenant's ``end_session_endpoint``, if it publishes one."""
        if not loop.is_current():
            return await loop.call(self.end_session_endpoint())
        looking = self.discovery.metadata(await self.domain_here())
        # The lookup goes on if this logout stops waiting: its answer serves the next
        # one.
        metadata = await asyncio.shield(asyncio.ensure_future(looking))
        return t.cast("str | None", metadata.get("end_session_endpoint"))

    async def revoke_refresh_token(self, refresh_token: str) -> None:
        """Make a refresh token worthless, at the tenant (RFC 7009)."""
        if not loop.is_current():
            return await loop.call(self.revoke_refresh_token(refresh_token))
        domain = await self.domain_here()
        metadata = await self.discovery.metadata(domain)
        endpoint = metadata.get("revocation_endpoint")
        response = await self.here().http.post(
            endpoint or f"https://{domain}/oauth/revoke",
            data=await self.authenticated({"token": refresh_token}),
        )
        response.raise_for_status()
