"""The SDK's client on HTTP, discovery and keys of ours.

The SDK has no public way to give it HTTP connections, to see the discovery document, or
to look for newer keys. All private members of it that are overridden are in this file.
"""

from __future__ import annotations

import copy
import typing as t
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import jwt
from auth0_server_python.auth_server.server_client import ServerClient

from ..config import Config
from ..runtime.clock import Clock
from ..runtime.request import current_request
from ..sessions.session_store import SessionStore
from ..sessions.storage_contract import KEY
from ..sessions.transaction_store import TRANSACTION_KEY, LoginStore
from .discovery import Discovery, Document
from .signed_tokens import Documents, SignedTokens
from .signing_keys import Keys, Patience
from .transport import CheckedHttp, LoopTransport, Transports

#: Seconds between two looks for new keys. A login's ID token comes from the tenant
#: itself, and a logout token can be a stranger's.
INTERVAL_AT_LOGINS, INTERVAL_FOR_STRANGERS = 1.0, 30.0

C = t.TypeVar("C", bound="LoopClient")


class LoopClient(ServerClient[t.Any]):
    """The SDK's client on the HTTP connections of the event loop that it runs on."""

    def __init__(
        self,
        config: Config,
        *,
        state_store: SessionStore,
        transaction_store: LoginStore,
        clock: Clock,
    ) -> None:
        self._config = config
        self._clock = clock
        self.store: SessionStore = state_store
        self.transactions: LoginStore = transaction_store
        self.transports: Transports = Transports(config, clock)
        #: Returns the way to the tenant of the running event loop.
        self.here: Callable[[], LoopTransport] = self.transports.here
        self.discovery: Discovery = Discovery(config, self.transports)
        self.documents: Documents = self.discovery
        #: Authlib's client, where this object is a copy for one login.
        self.login_oauth: t.Any = None
        # A login has spent its code already, so it waits for the next fetch.
        self._patience_at_logins = Patience(INTERVAL_AT_LOGINS, INTERVAL_AT_LOGINS)
        self._patience_with_strangers = Patience(INTERVAL_FOR_STRANGERS)
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
            state_store=state_store,
            transaction_store=transaction_store,
        )

    @property
    def needs_loop(self) -> bool:
        """Whether a store may wait for something on an event loop."""
        return self.store.needs_loop or self.transactions.needs_loop

    def for_one_login(self: C, oauth: t.Any, documents: Documents) -> C:
        """Return a copy that needs no event loop, for one call of the SDK.

        :param oauth: a client with the methods of Authlib's that the SDK calls.
        """
        copied = copy.copy(self)
        copied.login_oauth, copied.documents = oauth, documents
        return copied

    @property
    def _oauth(self) -> t.Any:
        return self.login_oauth or self.here().oauth

    @_oauth.setter
    def _oauth(self, value: t.Any) -> None:
        """Ignore the client that the SDK makes, which belongs to no event loop."""

    def _get_http_client(self, **kwargs: t.Any) -> t.Any:
        return self._shared_http()

    @asynccontextmanager
    async def _shared_http(self) -> AsyncIterator[CheckedHttp]:
        # Leaving the client's own context would close it for all requests.
        yield CheckedHttp(self.here().http, self._config)

    async def _get_oidc_metadata_cached(self, domain: str) -> Document:
        return await self.documents.metadata(domain)

    async def _get_jwks_cached(
        self, domain: str, metadata: Document | None = None
    ) -> Keys:
        return await self.documents.jwks(domain)

    async def _verify_and_decode_jwt(
        self, token: str, jwks: Keys, audience: str | None = None
    ) -> dict[str, t.Any]:
        tokens = SignedTokens(self._config, self.documents)
        claims = await tokens.claims(token, jwks, self._patience_at_logins)
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise jwt.InvalidTokenError("Token does not say who logged in.")
        check = current_request().check_id_token
        if check is not None:
            # An ID token of another login is refused before anything is kept, or a hook
            # called.
            check(claims)
        return claims
