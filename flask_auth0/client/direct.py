"""The SDK's client for one call that a thread makes without the event loop."""

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
from .discovery import ConnectedClient
from .responses import check_login
from .signing_keys import Keys, Patience
from .thread_http import ThreadHttp

R = t.TypeVar("R")


class DirectClient(ConnectedClient):
    """The SDK's client where nothing that it awaits waits for an event loop.

    It is a copy for one call: what the SDK would set on it is lost.

    :param client: the client whose stores and settings it has.
    :param known: the tenant's ``metadata``, and its ``jwks`` to complete a login.
    :param until: when the call has to be over, in seconds of :func:`time.monotonic`.
    """

    def __init__(
        self,
        client: ConnectedClient,
        known: Mapping[str, t.Any],
        http: ThreadHttp,
        until: float,
    ) -> None:
        # The SDK's own would make all that anew, with connections that nobody uses.
        self.__dict__.update(vars(client))
        self._client, self._known, self._until = client, known, until
        session = _Session(http, client.breaker, until)
        self._direct_oauth = _DirectOAuth(session, self._config)

    @property
    def _oauth(self) -> t.Any:
        return self._direct_oauth

    @_oauth.setter
    def _oauth(self, value: t.Any) -> None:
        raise AttributeError("A client for one call keeps its OAuth client.")

    async def _get_oidc_metadata_cached(self, domain: str) -> dict[str, t.Any]:
        # Transactions are sealed for one domain. Authlib writes into this.
        return {**self._known["metadata"]}

    async def _get_jwks_cached(
        self, domain: str, metadata: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", self._known["jwks"])

    async def _newer_jwks(self, jwks: Keys, patience: Patience) -> Keys:
        left = max(self._until - time.monotonic(), 0)
        return loop.run(self._client._newer_jwks(jwks, patience), left)

    def run(self, coroutine: Coroutine[t.Any, t.Any, R]) -> R:
        """Run one of this client's coroutines to its end.

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


class _DirectOAuth(OAuth2Client):
    """Authlib's client, with an answer that is there when it is awaited."""

    #: The SDK catches this one. It has all that Authlib uses, but another base class.
    oauth_error_class = OAuthError  # type: ignore[assignment]

    def __init__(self, session: _Session, config: Config) -> None:
        super().__init__(session, config.client_id, config.client_secret)
        check = functools.partial(check_login, scope=config.scope)
        self.register_compliance_hook("access_token_response", check)

    async def fetch_token(self, *args: t.Any, **kwargs: t.Any) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", super().fetch_token(*args, **kwargs))


class _Session:
    """Sends what Authlib has prepared."""

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
