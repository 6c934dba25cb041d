"""The SDK's part of a login, in the thread of its request where that is possible.

A login needs the event loop for little: once the tenant is known, it waits for one
answer to one request.
"""

from __future__ import annotations

import functools
import time
import typing as t
from collections.abc import Coroutine, Mapping
from urllib.parse import urlencode

import httpx
from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import StartInteractiveLoginOptions
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client

from ..config import Config
from ..runtime import greenlets, loop
from ..runtime.processes import PerProcess
from ..runtime.tracebacks import without_secrets
from .breaker import Breaker
from .discovery import Discovery, Document
from .responses import check_login
from .server_client import LoopClient
from .signing_keys import Keys, Patience
from .thread_http import ThreadHttp

R = t.TypeVar("R")


class Logins:
    """Starts and completes the logins of an app."""

    def __init__(self, client: LoopClient, config: Config) -> None:
        self._client, self._config = client, config
        self._http = PerProcess(
            lambda: ThreadHttp(config.timeout, client.transports.tls)
        )

    def start(self, options: StartInteractiveLoginOptions) -> str:
        """Return the URL to log in at."""
        direct = self._direct("metadata")
        if direct is None:
            return self._wait(self._client.start_interactive_login(options))
        # The client's own method would run on the event loop, so the SDK's is called.
        # Stores that need no loop are the extension's, which need no options either.
        start = ServerClient.start_interactive_login
        return run_without_loop(start(direct, options))

    def complete(self, url: str) -> dict[str, t.Any]:
        """Exchange the code in a callback's URL, and keep the session.

        :returns: the SDK's result, with the user's claims and the app's data.
        """
        direct = self._direct("metadata", "jwks")
        if direct is None:
            return self._wait(self._client.complete_interactive_login(url))
        # The client's own method would run on the event loop, as in start.
        complete = ServerClient.complete_interactive_login
        return run_without_loop(complete(direct, url))

    def _wait(self, coroutine: Coroutine[t.Any, t.Any, R]) -> R:
        return loop.run(coroutine, self._config.timeout)

    def _direct(self, *needed: str) -> LoopClient | None:
        """Return a client for one call, if the call needs no event loop.

        :param needed: the documents of the tenant that must be at hand.
        """
        discovery, breaker = self._client.discovery, self._client.transports.breaker
        known = {name: discovery.known(name) for name in needed}
        if None in known.values() or not self._can_be_direct():
            return None
        until = time.monotonic() + self._config.timeout
        oauth = _DirectOAuth(self._config, self._http.get(), breaker, until)
        documents = _KnownDocuments(known, discovery, until)
        return self._client.for_one_login(oauth, documents)

    def _can_be_direct(self) -> bool:
        # A thread in which a loop runs already must not wait for a coroutine.
        if loop.is_any_running() or greenlets.are_threads():
            return False
        return not self._client.needs_loop


def run_without_loop(coroutine: Coroutine[t.Any, t.Any, R]) -> R:
    """Run a coroutine of the SDK to its end.

    :raises RuntimeError: when it waits for an event loop.
    """
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return t.cast(R, finished.value)
    except Exception as error:
        without_secrets(error)
        raise error
    coroutine.close()
    raise RuntimeError("auth0-server-python waits for an event loop in a login.")


class _KnownDocuments:
    """The documents of the tenant that are at hand when a login begins.

    :param known: the ``metadata``, and the ``jwks`` to complete a login.
    :param discovery: finds newer keys, on the event loop.
    :param until: when the login has to be over, in seconds of :func:`time.monotonic`.
    """

    def __init__(
        self, known: Mapping[str, t.Any], discovery: Discovery, until: float
    ) -> None:
        self._known, self._discovery, self._until = known, discovery, until

    async def metadata(self, domain: str) -> Document:
        """Return the discovery document: a copy, as Authlib writes into it."""
        # A transaction is sealed for one domain, so it is that one.
        return {**self._known["metadata"]}

    async def jwks(self, domain: str) -> Keys:
        """Return the signing keys."""
        return t.cast(Keys, self._known["jwks"])

    async def newer_jwks(self, jwks: Keys, patience: Patience) -> Keys:
        """Return newer keys than these."""
        left = max(self._until - time.monotonic(), 0)
        return loop.run(self._discovery.newer_jwks(jwks, patience), left)


class _DirectOAuth(OAuth2Client):
    """Authlib's client, with an answer that is there when it is awaited."""

    #: The SDK catches this one. It has all that Authlib uses, but another base class.
    oauth_error_class = OAuthError  # type: ignore[assignment]

    def __init__(
        self, config: Config, http: ThreadHttp, breaker: Breaker, until: float
    ) -> None:
        session = _Session(http, breaker, until)
        super().__init__(session, config.client_id, config.client_secret)
        check = functools.partial(check_login, scope=config.scope)
        self.register_compliance_hook("access_token_response", check)

    async def fetch_token(self, *args: t.Any, **kwargs: t.Any) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", super().fetch_token(*args, **kwargs))


class _Session:
    """The session that Authlib's client sends its requests with."""

    def __init__(self, http: ThreadHttp, breaker: Breaker, until: float) -> None:
        self._http, self._breaker, self._until = http, breaker, until

    def post(
        self,
        url: str,
        data: Mapping[str, str],
        headers: Mapping[str, str],
        auth: ClientAuth,
    ) -> httpx.Response:
        """Send a ``POST`` request, with the client's name and secret."""
        # Authlib hands the same headers to every request. Those of httpx hide the
        # secret where an error is reported with all variables.
        own = httpx.Headers(headers)
        url, own, body = auth.prepare("POST", url, own, urlencode(data))
        with self._breaker.attempt() as attempt:
            response = self._http.post(url, own, body, self._until)
            attempt.answered(response.status_code, is_lookup=False)
            return response
