"""HTTP to the tenant: the clients of each event loop, whose answers are checked."""

from __future__ import annotations

import asyncio
import functools
import ssl
import typing as t
import weakref
from collections.abc import Callable, Mapping
from urllib.request import getproxies

import httpx
from auth0_server_python.telemetry import Telemetry
from authlib.integrations.httpx_client import AsyncOAuth2Client

from ..config import Config
from ..errors import TenantError
from ..runtime.clock import Clock
from ..runtime.processes import PerProcess
from ..runtime.turns import Turns
from ..sessions.flows import completed, departing
from ..sessions.token_sets import refreshing
from . import pushed_requests
from .breaker import Breaker, Breakers
from .cookieless import Cookieless
from .guards import AttemptAt, Guards
from .kept_connections import HostTransports, KeptTransport, socket_options
from .places import Places
from .proving_http import ProvingHttp
from .rate_limits import RateLimits
from .refreshes import PastRefreshes
from .responses import (
    BEARER,
    BOUND,
    check_login,
    check_tokens,
    is_unavailable,
)
from .senders import is_of_the_app
from .tls import make_context
from .translation import TRANSPORT_ERRORS, translated
from .userinfo import noted

#: The limits of each pool. In most apps logins are rare, and after httpx's default of
#: five seconds each would begin with a TLS handshake. Load balancers close a connection
#: after sixty.
LIMITS = httpx.Limits(
    max_connections=100, max_keepalive_connections=20, keepalive_expiry=50
)


REFRESH = "refresh_token"


class Transports:
    """The ways to the tenant, one for each event loop."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._tls = PerProcess(functools.partial(make_context, config))
        self._latest: LoopTransport | None = None
        make = functools.partial(Breaker, config.timeout, TRANSPORT_ERRORS, clock)
        self.breakers: Breakers = Breakers(make, are_several=not config.domain)
        # Others may still need a part of the limit for their answers.
        places = Places(config.tenant_concurrency, config.timeout / 2, clock)
        #: What a request to a tenant has to pass.
        self.guards: Guards = Guards(self.breakers, RateLimits(clock), places)

    @property
    def tls(self) -> ssl.SSLContext:
        """The TLS context that all connections share, as it is slow to make."""
        return self._tls.get()

    def here(self) -> LoopTransport:
        """Return the transport of the running event loop."""
        running = asyncio.get_running_loop()
        found = self._latest
        # A forked process has another loop, and must not use its parent's connections.
        if found is None or found.loop is not running:
            found = LoopTransport(
                self._config, self.tls, self.guards, running, self._clock
            )
            self._latest = found
            weakref.finalize(self, found.close_soon).atexit = False
        return found


class LoopTransport:
    """The HTTP connections of one event loop, and the turns of its coroutines."""

    def __init__(
        self,
        config: Config,
        tls: ssl.SSLContext,
        guards: Guards,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
    ) -> None:
        self.loop = loop
        #: The turns of coroutines for one session or document, and the answers they
        #: share.
        self.turns: Turns = Turns()
        self.past_refreshes: PastRefreshes = PastRefreshes(clock)
        options: dict[str, t.Any] = {
            "headers": telemetry_headers(),
            # Connecting takes a part of the limit, so that some is left for the answer.
            "timeout": (config.timeout * 0.75, *[config.timeout] * 3),
            "limits": LIMITS,
            "verify": tls,
        }
        if not has_proxy() and issubclass(AsyncOAuth2Client, httpx.AsyncClient):
            # Authlib's client may be one of httpx2, which takes no transport of httpx.
            make_kept = functools.partial(_transport, config.timeout, tls)
            options["transport"] = (
                make_kept() if config.domain else HostTransports(make_kept)
            )
        http = _Http(
            **options,
            event_hooks={"response": [_raise_for_unavailable]},
        )
        oauth = _oauth_client(config, options)
        http.guards = oauth.guards = guards
        self.http: httpx.AsyncClient = http
        self.oauth: AsyncOAuth2Client = oauth

    def close_soon(self) -> None:
        """Close the connections once nothing refers to the client any more."""
        asyncio.run_coroutine_threadsafe(self._close(), self.loop)

    async def _close(self) -> None:
        await self.http.aclose()
        await self.oauth.aclose()


class _Guarded:
    """An HTTP client with the guards in front."""

    guards: Guards

    async def send(self, request: t.Any, **options: t.Any) -> t.Any:
        """Send a request.

        :raises TenantUnavailable: at once, while one of the guards refuses it.
        """
        places, breakers = self.guards.places, self.guards.breakers
        # What is asked with a token may fail for its user alone.
        if request.method == "GET" and "Authorization" not in request.headers:
            # A document is fetched once for all who need it.
            return await self._send(request, options, breakers.attempt, is_lookup=True)
        place, attempt_at = places.one_on_loop, breakers.attempt
        if not is_of_the_app(request):
            place = places.one_of_visitor_on_loop
            attempt_at = breakers.attempt_of_visitor
        async with place():
            return await self._send(request, options, attempt_at, is_lookup=False)

    async def _send(
        self,
        request: t.Any,
        options: dict[str, t.Any],
        attempt_at: AttemptAt,
        *,
        is_lookup: bool,
    ) -> t.Any:
        host = request.url.netloc.decode("ascii")
        asked = self.guards.request(attempt_at, host, request.method, request.url)
        send = super().send  # type: ignore[misc]
        with asked as answered:
            try:
                response = await send(request, **options)
            except Exception as error:
                refused = getattr(error, "response", None)
                if refused is not None:
                    answered(refused, is_lookup=is_lookup)
                raise
            answered(response, is_lookup=is_lookup)
            return response


class _Http(_Guarded, Cookieless, httpx.AsyncClient):
    """The client of all requests but those with a code."""


class AuthorizationUrls:
    """Adds the parameters of a flow to the authorization URLs of Authlib's client."""

    metadata: dict[str, t.Any]

    def create_authorization_url(
        self,
        url: str,
        state: str | None = None,
        code_verifier: str | None = None,
        **parameters: t.Any,
    ) -> tuple[str, str]:
        """Return an authorization URL, and its ``state``."""
        if self.metadata.get("require_pushed_authorization_requests") is True:
            hint = f"It wants pushed authorization requests. Set {pushed_requests.KEY}."
            raise TenantError(remedy=hint)
        build: t.Any = super().create_authorization_url  # type: ignore[misc]
        whole = completed({"state": state, **parameters})
        return t.cast(
            "tuple[str, str]", build(url, code_verifier=code_verifier, **whole)
        )


class _OAuth(_Guarded, AuthorizationUrls, Cookieless, AsyncOAuth2Client):
    """Authlib's client."""


class CheckedHttp:
    """The shared HTTP client, as the SDK uses it; answers with tokens are checked."""

    def __init__(self, http: httpx.AsyncClient | ProvingHttp, config: Config) -> None:
        self._http, self._config = http, config

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._http, name)

    async def post(self, url: t.Any, **options: t.Any) -> httpx.Response:
        """Send a ``POST`` request."""
        response = await self._post(url, **options)
        if self._config.fetch_userinfo and _is_login(options):
            noted(response)
        return response

    async def _post(self, url: t.Any, **options: t.Any) -> httpx.Response:
        if departing.get() is not None:
            options = _with_flow(options)
        data = options.get("data")
        if isinstance(data, dict) and "state" in data:
            return await pushed(self._http, url, **options)
        if not isinstance(data, dict) or "grant_type" not in data:
            return await self._http.post(url, **options)
        asked_for = data.get("scope") or ""
        if self._is_for_what_was_granted(data):
            data = {name: value for name, value in data.items() if name != "scope"}
        response = await self._http.post(url, **{**options, "data": data})
        has_key = "DPoP" in (options.get("headers") or {})
        return check_tokens(response, asked_for, BOUND if has_key else BEARER)

    def _is_for_what_was_granted(self, data: dict[str, t.Any]) -> bool:
        """Tell whether a refresh asks for no more than the login was granted.

        The SDK sends the whole scope of a login. Some tenants refuse the part that was
        not granted, and none needs the rest: an omitted scope means the granted one
        (RFC 6749, section 6).
        """
        refresh, audience = refreshing.get(), data.get("audience")
        if refresh is None or data["grant_type"] != REFRESH:
            return False
        if refresh.wanted.scope:
            return False
        return audience == self._config.audience


async def pushed(
    http: httpx.AsyncClient | ProvingHttp, url: str, **options: t.Any
) -> httpx.Response:
    """Push an authorization request.

    :raises TenantError: when the tenant does not take it.
    :raises TenantUnavailable: when it does not answer.
    """
    with translated():
        return pushed_requests.checked(await http.post(url, **options))


def _with_flow(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the options of a request that begins a flow, with what the flow adds.

    The parameters are those of a pushed request (RFC 9126), or in the JSON of Auth0's
    own requests: to connect an account, and to send a link.
    """
    for name in ("data", "json"):
        sent = options.get(name)
        if isinstance(sent, dict) and "state" in sent:
            return {**options, name: completed(sent)}
    inner = (options.get("json") or {}).get("authParams") or {}
    if "state" not in inner:
        return options
    return {**options, "json": {**options["json"], "authParams": completed(inner)}}


def _is_login(options: Mapping[str, t.Any]) -> bool:
    """Tell whether the answer to a request may log somebody in."""
    sent = options.get("data") or options.get("json")
    return isinstance(sent, dict) and sent.get("grant_type", REFRESH) != REFRESH


def _oauth_client(config: Config, options: dict[str, t.Any]) -> _OAuth:
    client = _OAuth(
        client_id=config.client_id,
        client_secret=config.shared_secret,
        **options,
    )
    client.register_compliance_hook("access_token_response", login_check(config))
    return client


def login_check(config: Config) -> Callable[[httpx.Response], httpx.Response]:
    """Return the check of the token response that completes a login."""
    check = functools.partial(check_login, scope=config.scope)
    return (lambda answer: noted(check(answer))) if config.fetch_userinfo else check


@functools.cache
def telemetry_headers() -> dict[str, str]:
    """Return the headers that tell the tenant the version of the SDK."""
    return Telemetry.default().headers


def has_proxy() -> bool:
    """Tell whether the environment may name a proxy for the way to the tenant.

    httpx reads the variables only when it makes its transports itself.
    """
    return bool({"https", "all"} & getproxies().keys())


def _transport(timeout: float, tls: ssl.SSLContext) -> KeptTransport:
    make = functools.partial(
        httpx.AsyncHTTPTransport,
        verify=tls,
        limits=LIMITS,
        socket_options=socket_options(timeout),
    )
    return KeptTransport(make, timeout)


async def _raise_for_unavailable(response: httpx.Response) -> None:
    """Raise an error for a status of an outage, which the SDK takes for a refusal."""
    if is_unavailable(response.status_code):
        # The log has what it says.
        await response.aread()
        response.raise_for_status()
