"""The SDK's part of a login, in the thread of its request where that is possible.

A login needs the event loop for little: once the tenant is known, it waits for one
answer to one request.
"""

from __future__ import annotations

import time
import typing as t
from collections.abc import Coroutine

from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import StartInteractiveLoginOptions

from ..config import Config
from ..runtime import greenlets, loop
from ..runtime.processes import PerProcess
from ..runtime.request import CurrentRequest
from .direct import DirectOAuth, KnownDocuments, run
from .server_client import LoopClient
from .store_options import store_options
from .thread_http import ThreadHttp

R = t.TypeVar("R")


class Logins:
    """Starts and completes the logins of an app."""

    def __init__(self, client: LoopClient, config: Config) -> None:
        self._client, self._config = client, config
        self._http = PerProcess(self._make_http)

    def start(
        self, current: CurrentRequest, options: StartInteractiveLoginOptions
    ) -> str:
        """Return the URL to log in at."""
        direct = self._direct("metadata")
        if direct is None:
            return self._wait(self._client.start_interactive_login(options))
        start = ServerClient.start_interactive_login
        return run(start(direct, options, store_options(current)))

    def complete(self, current: CurrentRequest, url: str) -> dict[str, t.Any]:
        """Exchange the code in a callback's URL, and keep the session.

        :returns: what the SDK tells of it.
        """
        direct = self._direct("metadata", "jwks")
        if direct is None:
            return self._wait(self._client.complete_interactive_login(url))
        complete = ServerClient.complete_interactive_login
        return run(complete(direct, url, store_options(current)))

    def _wait(self, coroutine: Coroutine[t.Any, t.Any, R]) -> R:
        return loop.run(coroutine, self._config.timeout)

    def _direct(self, *needed: str) -> LoopClient | None:
        """Return a client for one call, if nothing in it needs an event loop.

        :param needed: what has to be known of the tenant.
        """
        discovery, breaker = self._client.discovery, self._client.transports.breaker
        known = {name: discovery.known(name) for name in needed}
        if None in known.values() or not self._can_be_direct():
            return None
        until = time.monotonic() + self._config.timeout
        oauth = DirectOAuth(self._config, self._http.get(), breaker, until)
        documents = KnownDocuments(known, discovery, until)
        return self._client.for_one_login(oauth, documents)

    def _can_be_direct(self) -> bool:
        # A thread must not wait where a loop runs: an async hook needs its own one.
        if loop.is_any_running() or greenlets.are_threads():
            return False
        return not self._client.needs_loop

    def _make_http(self) -> ThreadHttp:
        return ThreadHttp(self._config.timeout, self._client.transports.tls)
