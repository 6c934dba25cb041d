"""Our ``ServerClient``: awaitable from any event loop, with shared HTTP connections."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
import typing as t
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx
import jwt
from auth0_server_python.auth_server.server_client import ServerClient
from authlib.integrations.httpx_client import AsyncOAuth2Client
from flask import current_app, has_request_context

from . import loop
from .config import Config
from .errors import ConfigurationError, TenantError, TenantUnavailable
from .per_request import per_request
from .sessions.repairs import usable_token
from .sessions.state import KEY, SessionStateStore
from .signals import token_refreshed
from .store_options import store_options

#: In the discovery document of a development tenant.
DEVELOPMENT_MARKER = "flask_auth0_development_tenant"

#: Methods that wait for a person on another device, for as long as it takes.
WAITING = {"login_backchannel", "backchannel_authentication"}
#: Seconds that a token lasts whose tenant does not say so; the SDK's default.
DEFAULT_LIFETIME = 3600
#: Seconds by which the tenant's clock may differ.
CLOCK_LEEWAY = 60
#: Seconds between two looks for new keys, however many tokens ask for unknown ones.
JWKS_INTERVAL = 30

R = t.TypeVar("R")


class Connections:
    """The HTTP connections of one event loop."""

    def __init__(
        self,
        config: Config,
        headers: t.Mapping[str, str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.loop = loop
        # A context is slow to make, and both clients can use one.
        tls = httpx.create_ssl_context()
        options: dict[str, t.Any] = {
            "headers": dict(headers),
            "timeout": config.timeout,
            "verify": tls,
        }
        self.http = httpx.AsyncClient(
            **options,
            cookies=_no_cookies(),
            event_hooks={"response": [_raise_for_unavailable]},
        )
        self.oauth = _oauth_client(config, options)

    def close_soon(self) -> None:
        """Close the connections of a client that nobody has any more."""
        asyncio.run_coroutine_threadsafe(self._close(), self.loop)

    async def _close(self) -> None:
        await self.http.aclose()
        await self.oauth.aclose()


class OnOurLoop:
    """Another client of the SDK, whose coroutines run on our loop as well."""

    def __init__(self, client: t.Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> t.Any:
        found = getattr(self._client, name)
        if not inspect.iscoroutinefunction(found):
            return found
        return lambda *args, **kwargs: _dispatch(found, args, kwargs)


class Refreshes:
    """Whether the current request has received new tokens."""

    happened = False


class Client(ServerClient[t.Any]):  # type: ignore[misc]
    """The SDK's client, safe in a Flask app.

    Every public coroutine runs on the extension's own event loop, wherever it is
    awaited, and is told the current request and a response that collects cookies.
    """

    def __init__(self, config: Config, **stores: t.Any) -> None:
        self._config = config
        self._connections: Connections | None = None
        self._next_jwks_at = 0.0
        super().__init__(
            domain=config.domain,
            client_id=config.client_id,
            client_secret=config.client_secret,
            redirect_uri=config.redirect_uri,
            secret=config.secret[0],
            organization=config.organization,
            authorization_params=config.authorization_parameters,
            **stores,
        )

    async def get_user(
        self, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any] | None:
        """Return the claims of the user, or ``None`` when nobody is logged in."""
        if isinstance(self._state_store, SessionStateStore):
            head = self._state_store.head()
            return None if head is None else dict(head["user"])
        found = await _dispatch(super().get_user, (store_options,), {})
        return t.cast("dict[str, t.Any] | None", found)

    async def get_session(
        self, store_options: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any] | None:
        """Return the session without its internals, or ``None``."""
        if isinstance(self._state_store, SessionStateStore):
            found = await super().get_session(store_options)
        else:
            found = await _dispatch(super().get_session, (store_options,), {})
        return t.cast("dict[str, t.Any] | None", found)

    async def get_access_token(
        self,
        store_options: dict[str, t.Any] | None = None,
        audience: str | None = None,
        scope: str | None = None,
    ) -> str:
        """Return an access token; an expired one is refreshed first.

        :param scope: what the token must allow, beyond what was asked for at login.
        """
        store = self._state_store
        if scope is None and isinstance(store, SessionStateStore):
            state = await store.get(KEY)
            wanted = audience or self._config.audience
            usable = usable_token(state, wanted, time.time()) if state else None
            if usable is not None:
                return usable
        refreshing = super().get_access_token
        arguments = (store_options, audience, scope)
        found = await _dispatch(refreshing, arguments, {}, self._config.timeout)
        return t.cast(str, found)

    async def get_token_by_refresh_token(
        self, options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """Exchange a refresh token for new tokens."""
        exchange = super().get_token_by_refresh_token
        if has_request_context() and isinstance(self._state_store, SessionStateStore):
            self._state_store.require_writable()
        limit = self._config.timeout
        tokens = await _dispatch(exchange, (options,), {}, limit)
        if not isinstance(tokens.get("access_token"), str):
            raise TenantError()
        # Without a scope, all that was asked for was granted (RFC 6749, section 5.1).
        tokens["scope"] = tokens.get("scope") or options.get("scope") or ""
        if has_request_context():
            per_request(Refreshes).happened = True
        return t.cast("dict[str, t.Any]", tokens)

    @property
    def mfa(self) -> t.Any:
        """The SDK's client for multi-factor authentication."""
        return OnOurLoop(super().mfa)

    @property
    def passwordless(self) -> t.Any:
        """The SDK's client for passwordless logins."""
        return OnOurLoop(super().passwordless)

    @property
    def anonymous(self) -> t.Any:
        """The SDK's client for anonymous sessions."""
        return OnOurLoop(super().anonymous)

    async def end_session_endpoint(self) -> str | None:
        """Return the tenant's ``end_session_endpoint``, if it publishes one."""
        if not loop.is_current():
            return await loop.call(self.end_session_endpoint())
        metadata = await self._get_oidc_metadata_cached(self._config.domain)
        return t.cast("str | None", metadata.get("end_session_endpoint"))

    # The SDK has no public way to give it HTTP connections, to see the discovery
    # document, or to look for newer keys. It calls the methods below.

    @property
    def _oauth(self) -> AsyncOAuth2Client:
        return self._here().oauth

    @_oauth.setter
    def _oauth(self, value: AsyncOAuth2Client) -> None:
        """Ignore the client that the SDK makes: it belongs to no event loop."""

    def _get_http_client(self, **kwargs: t.Any) -> t.Any:
        return self._shared_http()

    async def _fetch_oidc_metadata(self, domain: str) -> dict[str, t.Any]:
        metadata: dict[str, t.Any] = await super()._fetch_oidc_metadata(domain)
        _check_endpoints(metadata)
        self._refuse_development_tenant(metadata)
        return metadata

    async def _verify_and_decode_jwt(
        self, token: str, jwks: dict[str, t.Any], audience: str | None = None
    ) -> dict[str, t.Any]:
        # The SDK keeps keys for ten minutes, while the tenant may have new ones, and
        # accepts no difference between clocks, but a token that never expires.
        kid = jwt.get_unverified_header(token).get("kid")
        key = _find_key(jwks, kid) or _find_key(await self._newer_jwks(jwks), kid)
        if key is None:
            raise ValueError("The tenant has no such key.")
        claims: dict[str, t.Any] = jwt.decode(
            token,
            jwt.PyJWK.from_dict(key),
            algorithms=["RS256"],
            audience=audience,
            leeway=CLOCK_LEEWAY,
            options={"require": ["exp", "iat"]},
        )
        if claims.get("azp", self._config.client_id) != self._config.client_id:
            raise jwt.InvalidAudienceError("It was issued to another client.")
        return claims

    async def _newer_jwks(self, jwks: dict[str, t.Any]) -> dict[str, t.Any]:
        if time.monotonic() < self._next_jwks_at:
            return jwks
        self._next_jwks_at = time.monotonic() + JWKS_INTERVAL
        domain = self._config.domain
        metadata = await self._get_oidc_metadata_cached(domain)
        self._discovery_cache[domain]["jwks"] = None
        return t.cast("dict[str, t.Any]", await self._get_jwks_cached(domain, metadata))

    @asynccontextmanager
    async def _shared_http(self) -> AsyncIterator[httpx.AsyncClient]:
        # Whoever leaves the context would close the connections of all the others.
        yield self._here().http

    def _here(self) -> Connections:
        running = asyncio.get_running_loop()
        found = self._connections
        # After a fork there is another loop, and the parent's connections are no use.
        if found is None or found.loop is not running:
            found = Connections(self._config, self._telemetry_headers, running)
            self._connections = found
            weakref.finalize(self, found.close_soon).atexit = False
        return found

    def _refuse_development_tenant(self, metadata: t.Mapping[str, t.Any]) -> None:
        if (
            not metadata.get(DEVELOPMENT_MARKER)
            or self._config.allow_development_tenant
        ):
            return
        if not (current_app.debug or current_app.testing):
            raise ConfigurationError(
                f"{self._config.domain} is a development tenant: anyone can log in as "
                "anybody there. Set AUTH0_DOMAIN to a tenant of Auth0, or run the app "
                "in debug mode, or set AUTH0_ALLOW_DEVELOPMENT_TENANT."
            )


def _oauth_client(config: Config, options: dict[str, t.Any]) -> AsyncOAuth2Client:
    client = AsyncOAuth2Client(
        client_id=config.client_id,
        client_secret=config.client_secret,
        cookies=_no_cookies(),
        **options,
    )
    check = functools.partial(_check_tokens, scope=config.scope)
    client.register_compliance_hook("access_token_response", check)
    return client


def _seconds(value: t.Any) -> int:
    """Return a lifetime as the SDK can reckon with it; some tenants send a text."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return DEFAULT_LIFETIME


async def _raise_for_unavailable(response: httpx.Response) -> None:
    """Tell a tenant with a problem from one that said no, which the SDK does not."""
    if response.status_code >= 500 or response.status_code == 429:
        response.raise_for_status()


def _no_cookies() -> CookieJar:
    """Return a jar that stays empty: one user's cookies are not for the next one."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


def _check_endpoints(metadata: t.Any) -> None:
    """Refuse a discovery document whose endpoints nothing should be sent to."""
    if not isinstance(metadata, dict):
        raise TenantError()
    for name in ("issuer", "token_endpoint", "jwks_uri"):
        _check_url(metadata.get(name), {"https"})
    _check_url(metadata.get("authorization_endpoint"), {"https", "http"})
    if metadata.get("end_session_endpoint") is not None:
        _check_url(metadata["end_session_endpoint"], {"https", "http"})


def _check_url(value: t.Any, schemes: set[str]) -> None:
    proper = isinstance(value, str) and value.isascii() and value.isprintable()
    if not proper or urlsplit(value).scheme not in schemes:
        raise TenantError(remedy="Its discovery document has a wrong or missing URL.")


def _check_tokens(response: httpx.Response, scope: str) -> httpx.Response:
    """Refuse a token response that RFC 6749, section 5.1, does not allow.

    :param scope: what was asked for, and granted if the response does not say so.
    """
    if response.status_code >= 500 or response.status_code == 429:
        response.raise_for_status()
    tokens = response.json()
    if not isinstance(tokens, dict):
        raise TenantError()
    if "error" in tokens or not response.is_success:
        return response
    if not tokens.get("access_token") or not isinstance(tokens["access_token"], str):
        raise TenantError(remedy="The token response has no access token.")
    tokens["scope"] = tokens.get("scope") or scope
    tokens["expires_in"] = _seconds(tokens.get("expires_in"))
    return type(response)(200, json=tokens, request=response.request)


def _find_key(jwks: t.Mapping[str, t.Any], kid: str | None) -> dict[str, t.Any] | None:
    keys = [key for key in jwks.get("keys", []) if key.get("kid") == kid]
    return keys[0] if keys else None


async def _dispatch(
    method: Callable[..., Awaitable[R]],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
    limit: float | None = None,
) -> R:
    """Await a method on our loop, with the store options of the current request.

    :param limit: seconds that it may take.
    """
    bound = inspect.signature(method).bind(*args, **kwargs)
    bound.apply_defaults()
    if has_request_context() and bound.arguments.get("store_options", True) is None:
        bound.arguments["store_options"] = store_options()
    running = t.cast("Coroutine[t.Any, t.Any, R]", method(*bound.args, **bound.kwargs))
    if loop.is_current():
        return await running
    if limit is not None:
        running = asyncio.wait_for(running, limit)
    try:
        result = await loop.call(running)
    except asyncio.TimeoutError as error:
        raise TenantUnavailable() from error
    announce_refresh()
    return result


def _on_our_loop(method: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    @functools.wraps(method)
    async def call(self: Client, *args: t.Any, **kwargs: t.Any) -> R:
        limit = None if method.__name__ in WAITING else self._config.timeout
        return await _dispatch(functools.partial(method, self), args, kwargs, limit)

    return call


def announce_refresh() -> None:
    """Send ``token_refreshed`` if the request has received tokens since last time."""
    if has_request_context() and per_request(Refreshes).happened:
        per_request(Refreshes).happened = False
        token_refreshed.send(current_app._get_current_object())  # type: ignore[attr-defined]


for _name, _method in inspect.getmembers(ServerClient, inspect.iscoroutinefunction):
    if not _name.startswith("_") and _name not in vars(Client):
        setattr(Client, _name, _on_our_loop(_method))
