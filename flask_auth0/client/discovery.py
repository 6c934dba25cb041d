"""The SDK's client with what it needs of the tenant: connections, discovery, and keys.

The SDK has no public way to give it HTTP connections, to see the discovery document, or
to look for newer keys. It calls the methods below.
"""

from __future__ import annotations

import asyncio
import functools
import math
import ssl
import time
import typing as t
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import jwt
from auth0_server_python.auth_server.server_client import ServerClient
from flask import current_app

from ..config import Config
from ..errors import ConfigurationError, TenantUnavailable
from ..runtime.processes import PerProcess
from ..runtime.request import current_request
from ..sessions.cookies.transactions import TRANSACTION_KEY
from ..sessions.storage_contract import KEY
from .breaker import Breaker
from .responses import as_json, check_metadata, check_token
from .signing_keys import Keys, Patience, check_keys, find_key
from .translation import KNOWN, TRANSPORT_ERRORS, translate
from .transport import CheckedHttp, Connections

#: In the discovery document of a development tenant.
DEVELOPMENT_MARKER = "flask_auth0_development_tenant"

#: Seconds for which what the tenant has told is believed while it does not answer.
LONGEST_BELIEVED = 3600

#: Seconds between two looks for new keys. What a login brings comes from the tenant
#: itself, and what is posted as a logout token can be a stranger's.
INTERVAL_AT_LOGINS, INTERVAL_FOR_STRANGERS = 1.0, 30.0


class ConnectedClient(ServerClient[t.Any]):
    """The SDK's client on the connections of the event loop that it runs on."""

    def __init__(self, config: Config, **stores: t.Any) -> None:
        self._config = config
        self._connections: Connections | None = None
        self._tls = PerProcess(httpx.create_ssl_context)
        # The code of a login is spent by then.
        self._patience_at_logins = Patience(INTERVAL_AT_LOGINS, INTERVAL_AT_LOGINS)
        self._patience_for_strangers = Patience(INTERVAL_FOR_STRANGERS)
        self.breaker = Breaker(config.timeout, TRANSPORT_ERRORS)
        #: What the tenant has told, and when, for as long as it tells nothing.
        self._told: dict[str, tuple[float, dict[str, t.Any]]] = {}
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

    @property
    def tls(self) -> ssl.SSLContext:
        """What all connections to the tenant share, as it is slow to make."""
        return self._tls.get()

    @property
    def _oauth(self) -> t.Any:
        return self._here().oauth

    @_oauth.setter
    def _oauth(self, value: t.Any) -> None:
        """Ignore the client that the SDK makes: it belongs to no event loop."""

    def _get_http_client(self, **kwargs: t.Any) -> t.Any:
        return self._shared_http()

    async def _get_oidc_metadata_cached(self, domain: str) -> dict[str, t.Any]:
        ask = functools.partial(super()._get_oidc_metadata_cached, domain)
        return await self._told_by_tenant("metadata", ask)

    async def _get_jwks_cached(
        self, domain: str, metadata: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        ask = functools.partial(super()._get_jwks_cached, domain, metadata or {})
        return await self._told_by_tenant("jwks", ask)

    async def _told_by_tenant(
        self, what: str, ask: Callable[[], Awaitable[dict[str, t.Any]]]
    ) -> dict[str, t.Any]:
        """Return what the tenant publishes, from before where it does not answer."""
        try:
            if self.known(what) is None:
                self.breaker.require_closed()
            async with self._turn_to_ask(what):
                found = await ask()
        except (TenantUnavailable, *KNOWN) as error:
            told_at, told = self._told.get(what, (-math.inf, {}))
            is_away = isinstance(translate(error), TenantUnavailable)
            if not is_away or time.monotonic() - told_at > LONGEST_BELIEVED:
                raise
            return told
        if self._told.get(what, (0, None))[1] is not found:
            self._told[what] = (time.monotonic(), found)
        return found

    @asynccontextmanager
    async def _turn_to_ask(self, what: str) -> AsyncIterator[None]:
        """Wait while somebody else asks, for the same answer."""
        waiting = AsyncExitStack()
        turn = waiting.enter_async_context(self._here().turns.turn(what))
        try:
            # Only the first one waits for as long as may be.
            await asyncio.wait_for(turn, self._config.timeout / 2)
        except asyncio.TimeoutError as error:
            raise TenantUnavailable() from error
        async with waiting:
            yield

    def known(self, what: str) -> dict[str, t.Any] | None:
        """Return the tenant's ``metadata`` or ``jwks``, if it has told us lately."""
        found = self._discovery_cache.get(self._config.domain)
        if found is None or found["expires_at"] <= time.time():
            return None
        return t.cast("dict[str, t.Any] | None", found[what])

    async def _fetch_oidc_metadata(self, domain: str) -> dict[str, t.Any]:
        with as_json("Its discovery document is no JSON."):
            metadata: dict[str, t.Any] = await super()._fetch_oidc_metadata(domain)
        check_metadata(metadata, domain)
        self._refuse_development_tenant(metadata)
        return metadata

    async def _fetch_jwks(self, jwks_uri: str) -> Keys:
        # The SDK's own hides from the operator what is wrong with them.
        response = await self._here().http.get(jwks_uri)
        response.raise_for_status()
        with as_json("Its key set is no JSON."):
            return check_keys(response.json())

    async def _verify_and_decode_jwt(
        self, token: str, jwks: Keys, audience: str | None = None
    ) -> dict[str, t.Any]:
        claims = await self._verified(token, jwks, self._patience_at_logins)
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise jwt.InvalidTokenError("Token does not say who logged in.")
        check = current_request().check_id_token
        if check is not None:
            # Nothing is kept, and no hook is called, for a login that was not begun.
            check(claims)
        return claims

    async def _verified(
        self, token: str, jwks: Keys, patience: Patience
    ) -> dict[str, t.Any]:
        """Return the claims of a token that the tenant has signed for this app.

        :param patience: of whoever brought the token, when its key is not known.
        """
        kid = jwt.get_unverified_header(token).get("kid")
        key = find_key(jwks, kid)
        if key is not None:
            try:
                return await self._verified_with(key, token)
            except jwt.InvalidSignatureError as error:
                # Without a kid, a new key is told from an old one by nothing else.
                jwks = await self._newer_jwks_for(error, kid, jwks, patience)
        else:
            jwks = await self._newer_jwks(jwks, patience)
        key = find_key(jwks, kid)
        if key is None:
            raise ValueError("The tenant has no key that can have signed the token.")
        return await self._verified_with(key, token)

    async def _newer_jwks_for(
        self,
        error: jwt.InvalidSignatureError,
        kid: str | None,
        jwks: Keys,
        patience: Patience,
    ) -> Keys:
        """Return newer keys for a token whose signature is not that of its key.

        :raises jwt.InvalidSignatureError: where there are none that could help.
        """
        if kid is not None:
            raise error
        try:
            return await self._newer_jwks(jwks, patience)
        except TenantUnavailable:
            raise error from None

    async def _verified_with(
        self, key: t.Mapping[str, t.Any], token: str
    ) -> dict[str, t.Any]:
        metadata = await self._get_oidc_metadata_cached(self._config.domain)
        return check_token(token, key, self._config.client_id, metadata["issuer"])

    async def _newer_jwks(self, jwks: Keys, patience: Patience) -> Keys:
        """Return newer keys than these: the SDK keeps them for ten minutes.

        Whoever comes while somebody looks waits for the same answer.

        :raises TenantUnavailable: when it is too soon to look again.
        """
        async with self._here().turns.turn("newer jwks"):
            known = self.known("jwks")
            if known is not None and known is not jwks:
                return known
            if not await patience.wait():
                raise TenantUnavailable(remedy="Its keys were asked for just now.")
            patience.begin()
            try:
                return await self._look_for_jwks()
            except Exception:
                patience.fail()
                raise

    async def _look_for_jwks(self) -> Keys:
        domain = self._config.domain
        metadata = await self._get_oidc_metadata_cached(domain)
        newer = await self._fetch_jwks(metadata["jwks_uri"])
        # The keys that are known stay until there are others: anybody can start a look.
        if domain in self._discovery_cache:
            self._discovery_cache[domain]["jwks"] = newer
        return newer

    @asynccontextmanager
    async def _shared_http(self) -> AsyncIterator[CheckedHttp]:
        # Whoever leaves the context would close the connections of all the others.
        yield CheckedHttp(self._here().http, self._config)

    def _here(self) -> Connections:
        running = asyncio.get_running_loop()
        found = self._connections
        # After a fork there is another loop, and the parent's connections are no use.
        if found is None or found.loop is not running:
            found = Connections(self._config, self.tls, self.breaker, running)
            self._connections = found
            weakref.finalize(self, found.close_soon).atexit = False
        return found

    def _refuse_development_tenant(self, metadata: t.Mapping[str, t.Any]) -> None:
        is_one = metadata.get(DEVELOPMENT_MARKER)
        if not is_one or self._config.allow_development_tenant:
            return
        if not (current_app.debug or current_app.testing):
            raise ConfigurationError(
                f"{self._config.domain} is a development tenant: anyone can log in as "
                "anybody there. Set AUTH0_DOMAIN to a tenant of Auth0, or run the app "
                "in debug mode, or set AUTH0_ALLOW_DEVELOPMENT_TENANT."
            )
