"""Requests that the SDK sends without a proof of who the app is, with one."""

from __future__ import annotations

import typing as t
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx

from ..config import Config

#: Where the SDK sends a secret, if there is one, and no assertion.
_WITHOUT_ASSERTION = {"/passkey/register", "/passkey/challenge"}


class ProvingHttp:
    """The HTTP client as the SDK uses it, which proves who the app is in its stead.

    :param authenticated: adds what proves it to the content of a request.
    :param token_endpoint: returns the endpoint where certificates are seen, with mTLS.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        config: Config,
        authenticated: Callable[[dict[str, t.Any]], Awaitable[dict[str, t.Any]]],
        token_endpoint: Callable[[], Awaitable[str]],
    ) -> None:
        self._http, self._config = http, config
        self._authenticated, self._token_endpoint = authenticated, token_endpoint

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._http, name)

    async def post(self, url: str, **options: t.Any) -> httpx.Response:
        """Send a ``POST`` request."""
        if self._config.client_assertion_signing_key is not None:
            options = await self._with_assertion(url, options)
        response = await self._http.post(url, **options)
        if response.status_code == 401 and self._config.use_mtls:
            return await self._post_with_certificate(response, url, options)
        return response

    async def _with_assertion(
        self, url: str, options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """Return the options of a request with an assertion that is good once."""
        name = "json" if options.get("json") else "data"
        content = options.get(name) or {}
        # The SDK repeats a request when a proof of DPoP needs a nonce.
        is_repeated = "DPoP" in (options.get("headers") or {})
        is_without = urlsplit(url).path in _WITHOUT_ASSERTION
        if is_without or (is_repeated and "client_assertion" in content):
            return {**options, name: await self._authenticated(content)}
        return options

    async def _post_with_certificate(
        self, refusal: httpx.Response, url: str, options: dict[str, t.Any]
    ) -> httpx.Response:
        """Repeat a refused request where the tenant asks for certificates.

        A discovery document names no such place for the requests that begin a login
        with a passkey, a code, or one more factor.
        """
        place = urlsplit(await self._token_endpoint()).netloc
        parts = urlsplit(url)
        if parts.netloc == place:
            return refusal
        return await self._http.post(parts._replace(netloc=place).geturl(), **options)
