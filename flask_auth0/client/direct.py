"""A login that a thread makes without the event loop, as far as the SDK sees it."""

from __future__ import annotations

import functools
import time
import typing as t
from collections.abc import Coroutine, Mapping
from urllib.parse import urlencode

import httpx
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client

from ..config import Config
from ..runtime import loop
from ..runtime.tracebacks import without_secrets
from .breaker import Breaker
from .discovery import Discovery, Document
from .responses import check_login
from .signing_keys import Keys, Patience
from .thread_http import ThreadHttp

R = t.TypeVar("R")


def run(coroutine: Coroutine[t.Any, t.Any, R]) -> R:
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


class KnownDocuments:
    """What is known of the tenant when a login begins.

    :param known: the ``metadata``, and the ``jwks`` to complete a login.
    :param discovery: where newer keys are found, on the event loop.
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


class DirectOAuth(OAuth2Client):
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
