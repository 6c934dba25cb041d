"""The SDK's part of a login, in the thread of its request where that is possible.

A login needs the event loop for little: once the tenant is known, it waits for one
answer to one request.
"""

from __future__ import annotations

import os
import time
import typing as t
import weakref
from collections.abc import Coroutine
from functools import cached_property
from urllib.request import getproxies, proxy_bypass

from auth0_server_python.auth_types import StartInteractiveLoginOptions

from . import greenlets, loop
from .blocking import BlockingPool
from .client import Client
from .config import Config
from .direct import DirectClient
from .store_options import store_options

R = t.TypeVar("R")


class Logins:
    """Starts and completes the logins of an app, within its time limit."""

    def __init__(self, client: Client, config: Config) -> None:
        self._client, self._config = client, config
        #: The connections of each process: after a fork, the parent's are no use.
        self._pools: dict[int, BlockingPool] = {}

    def start(self, options: StartInteractiveLoginOptions) -> str:
        """Return the URL to log in at."""
        until = time.monotonic() + self._config.timeout
        if not self._can_be_direct():
            starting = self._client.start_interactive_login(options)
            return t.cast(str, _wait(starting, until))
        direct = self._direct(until, {})
        starting = direct.start_interactive_login(options, store_options())
        return t.cast(str, direct.run(starting))

    def complete(self, url: str) -> dict[str, t.Any]:
        """Exchange the code in a callback's URL, and keep the session.

        :returns: what the SDK tells of it.
        """
        until = time.monotonic() + self._config.timeout
        if not self._can_be_direct():
            return _wait(self._client.complete_interactive_login(url), until)
        known = self._client.known("jwks")
        direct = self._direct(until, known or _wait(self._client.jwks(), until))
        return direct.run(direct.complete_interactive_login(url, store_options()))

    def _can_be_direct(self) -> bool:
        """Tell whether all that has to be waited for can be waited for here."""
        if loop.is_current() or greenlets.are_threads():
            return False
        return self._client.has_own_stores and not self._has_proxy

    @cached_property
    def _has_proxy(self) -> bool:
        """Whether a proxy is configured for the way to the tenant."""
        proxies = {"https", "all"} & getproxies().keys()
        return bool(proxies) and not proxy_bypass(self._config.domain)

    def _direct(self, until: float, jwks: dict[str, t.Any]) -> DirectClient:
        known = self._client.known("metadata")
        metadata = known or _wait(self._client.metadata(), until)
        return DirectClient(self._client, metadata, jwks, self._connections(), until)

    def _connections(self) -> BlockingPool:
        process = os.getpid()
        if process not in self._pools:
            # Where two threads are first, one pool is dropped. It is empty still.
            pool = self._pools.setdefault(process, BlockingPool(self._client.tls))
            weakref.finalize(self, pool.close)
        return self._pools[process]


def _wait(coroutine: Coroutine[t.Any, t.Any, R], until: float) -> R:
    return loop.run(coroutine, until - time.monotonic())
