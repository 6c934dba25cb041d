"""Discovery: the metadata and the signing keys that a tenant publishes."""

from __future__ import annotations

import asyncio
import time
import typing as t
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from flask import current_app
from msgspec import Struct

from ..config import Config
from ..errors import ConfigurationError, TenantUnavailable
from ..sessions.domains import MOST_DOMAINS
from .per_domain import PerDomain
from .responses import as_json, check_metadata, with_mtls_endpoints
from .signed_tokens import Keys, check_keys
from .translation import KNOWN, translate
from .transport import Transports

Document = dict[str, t.Any]
_FAILURES: tuple[type[Exception], ...] = (TenantUnavailable, *KNOWN)

#: The member that marks the discovery document of a development tenant.
DEVELOPMENT_MARKER = "flask_auth0_development_tenant"

#: The most documents that are kept: two for each domain.
_MOST = 2 * MOST_DOMAINS

#: Seconds after which a document is fetched again.
FRESH = 600
#: Seconds for which documents are used while the tenant does not answer.
LONGEST_BELIEVED = 3600


class Patience:
    """The pace at which new keys are looked for.

    :param interval: seconds from one look to the next.
    :param longest_wait: seconds that a request may wait for the next one.
    """

    #: Seconds from a look that has failed to the next one.
    AFTER_FAILURE = 2.0

    def __init__(self, interval: float, longest_wait: float = 0.0) -> None:
        self._interval, self._longest_wait = interval, longest_wait
        self._next_at = 0.0

    async def wait(self) -> bool:
        """Wait until the next look, unless that would take too long. Tell whether the
        time for it has come.
        """
        left = self._next_at - time.monotonic()
        if left > self._longest_wait:
            return False
        await asyncio.sleep(left)
        return True

    def begin(self) -> None:
        """Note that a look begins."""
        self._next_at = time.monotonic() + self._interval

    def fail(self) -> None:
        """Note that the look has failed."""
        wait = min(self._interval, self.AFTER_FAILURE)
        self._next_at = time.monotonic() + wait


class Told(Struct, frozen=True):
    """A document, and when the tenant has sent it."""

    document: Document
    at: float

    def is_younger_than(self, seconds: float) -> bool:
        """Tell whether it was sent so many seconds ago at most."""
        return time.monotonic() - self.at < seconds


class Discovery:
    """The documents of tenants; concurrent requests share one fetch.

    :param transports: the ways to a tenant, one for each event loop.
    """

    def __init__(self, config: Config, transports: Transports) -> None:
        self._config, self._transports = config, transports
        self._told: dict[tuple[str, str], Told] = {}

    def known(self, what: str, domain: str | None = None) -> Document | None:
        """Return the ``metadata`` or the ``jwks``, if they are not too old."""
        told = self._told.get((what, domain or self._config.domain))
        return told.document if told and told.is_younger_than(FRESH) else None

    def all_known(self, domain: str, *names: str) -> dict[str, Document] | None:
        """Return some documents of a tenant by their names, if all are known."""
        known = {name: self.known(name, domain) for name in names}
        found = {name: each for name, each in known.items() if each is not None}
        return found if len(found) == len(names) else None

    async def metadata(self, domain: str) -> Document:
        """Return the discovery document of a tenant."""
        return await self._find("metadata", domain, self._fetch_metadata)

    async def jwks(self, domain: str) -> Keys:
        """Return the signing keys of a tenant."""
        return await self._find("jwks", domain, self._fetch_jwks)

    async def newer_jwks(
        self, domain: str, jwks: Keys, patiences: PerDomain[Patience]
    ) -> Keys:
        """Return newer keys of a tenant than these.

        Concurrent callers share one fetch.

        :param patiences: say how often each tenant is asked.

        :raises TenantUnavailable: when the last fetch was too short a time ago.
        """
        turns, places = self._transports.here().turns, self._transports.guards.places
        # One fetches them, and the others wait in their own threads. A login has a
        # place; whoever has none may be a stranger with a token of an unknown key.
        place, turn = places.one_of_visitor_on_loop(), f"newer jwks of {domain}"
        async with place, turns.turn(turn):
            known = self.known("jwks", domain)
            if known is not None and known is not jwks:
                return known
            patience = patiences.of(domain)
            if not await patience.wait():
                raise TenantUnavailable(remedy="Its keys were asked for just now.")
            patience.begin()
            try:
                newer = await self._fetch_jwks(domain)
            except Exception:
                patience.fail()
                raise
            # Anybody can cause this fetch, so the known keys stay in use until it is
            # done.
            return self._note("jwks", domain, newer)

    async def _find(
        self, what: str, domain: str, fetch: Callable[[str], Awaitable[Document]]
    ) -> Document:
        """Return a document; an older one while the tenant does not answer."""
        known = self.known(what, domain)
        if known is not None:
            return known
        try:
            self._transports.breakers.require_closed(domain)
            async with self._turn_to_ask(f"{what} of {domain}"):
                # Another coroutine may have fetched it meanwhile.
                known = self.known(what, domain)
                return known or self._note(what, domain, await fetch(domain))
        except _FAILURES as error:
            told = self._told.get((what, domain))
            is_away = isinstance(translate(error), TenantUnavailable)
            if told and is_away and told.is_younger_than(LONGEST_BELIEVED):
                return told.document
            raise

    def _note(self, what: str, domain: str, document: Document) -> Document:
        self._told.pop((what, domain), None)
        self._told[what, domain] = Told(document, time.monotonic())
        for oldest in list(self._told)[:-_MOST]:
            self._told.pop(oldest, None)
        return document

    @asynccontextmanager
    async def _turn_to_ask(self, what: str) -> AsyncIterator[None]:
        """Wait while another coroutine fetches the same document."""
        waiting = AsyncExitStack()
        async with self._transports.guards.places.one_on_loop():
            turn = waiting.enter_async_context(self._transports.here().turns.turn(what))
            try:
                # The fetch may take the whole limit. Coroutines that wait for it give
                # up at half of it, and use an older document.
                await asyncio.wait_for(turn, self._config.timeout / 2)
            except asyncio.TimeoutError as error:
                raise TenantUnavailable() from error
            async with waiting:
                yield

    async def _fetch_metadata(self, domain: str) -> Document:
        url = f"https://{domain}/.well-known/openid-configuration"
        metadata = await self._fetch(url, "Its discovery document is no JSON.")
        check_metadata(metadata, domain)
        if self._config.use_mtls:
            metadata = with_mtls_endpoints(metadata)
        self._refuse_development_tenant(metadata, domain)
        return t.cast(Document, metadata)

    async def _fetch_jwks(self, domain: str) -> Keys:
        metadata = await self.metadata(domain)
        return check_keys(
            await self._fetch(metadata["jwks_uri"], "Its key set is no JSON.")
        )

    async def _fetch(self, url: str, remedy: str) -> t.Any:
        response = await self._transports.here().http.get(url)
        response.raise_for_status()
        with as_json(remedy):
            return response.json()

    def _refuse_development_tenant(self, metadata: Document, domain: str) -> None:
        is_one = metadata.get(DEVELOPMENT_MARKER)
        if not is_one or self._config.allow_development_tenant:
            return
        if not (current_app.debug or current_app.testing):
            raise ConfigurationError(
                f"{domain} is a development tenant: anyone can log in as "
                "anybody there. Set AUTH0_DOMAIN to a tenant of Auth0, or run the app "
                "in debug mode, or set AUTH0_ALLOW_DEVELOPMENT_TENANT."
            )
