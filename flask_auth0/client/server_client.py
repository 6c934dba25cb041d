"""The SDK's client on HTTP, discovery and keys of ours, with an event loop or without.

The SDK has no public way to give it HTTP connections, to see the discovery document, or
to look for newer keys. All private members of it that are overridden are in this file.

A login needs the event loop for little: once the tenant is known, it waits for one
answer to one request. So it is completed in the thread of its request where possible.
"""

from __future__ import annotations

import copy
import functools
import os
import time
import types
import typing as t
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import parse_qsl, urlencode

import httpx
import jwt
from auth0_server_python.auth_server.anonymous import AnonymousClient
from auth0_server_python.auth_server.my_account_client import MyAccountClient
from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import (
    MfaVerifyResponse,
    StartInteractiveLoginOptions,
)
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from flask import request

from ..config import Config, pem
from ..runtime import greenlets, loop
from ..runtime.clock import Clock
from ..runtime.processes import PerProcess
from ..runtime.request import HERE, CurrentRequest, current_request
from ..runtime.tracebacks import without_secrets
from ..sessions.anonymous_store import AnonymousStore
from ..sessions.cookies.storage import APART
from ..sessions.domains import Domains
from ..sessions.flows import (
    Arrival,
    Departure,
    arriving,
    completed,
    departing,
    during,
)
from ..sessions.session_store import SessionStore
from ..sessions.storage_contract import KEY
from ..sessions.transaction_store import TRANSACTION_KEY, LoginStore
from . import pushed_requests
from .discovery import Discovery, Document, Patience
from .guards import Guards
from .mfa_tokens import bound
from .per_domain import PerDomain
from .proving_http import ProvingHttp
from .signed_tokens import Keys, check_id_token, verified_claims
from .thread_http import ThreadHttp
from .transport import (
    AuthorizationUrls,
    CheckedHttp,
    LoopTransport,
    Transports,
    login_check,
    pushed,
    telemetry_headers,
)
from .userinfo import (
    check_userinfo,
    claims_in,
    endpoint_of,
    headers_for,
    issued,
    merged,
)

#: Seconds between two looks for new keys. A login's ID token comes from the tenant
#: itself, and a logout token can be a stranger's.
INTERVAL_AT_LOGINS, INTERVAL_FOR_STRANGERS = 1.0, 30.0

#: The SDK's client where no anonymous session can be, which therefore asks nobody.
_NOBODY = AnonymousClient("", "", None)
R = t.TypeVar("R")
T = t.TypeVar("T")


def _signing_key(config: Config) -> t.Any:
    """Return the key that signs assertions, as an object.

    The SDK annotates a text, and hands it to PyJWT, which takes both. It would read and
    test a text again for each request, which takes far longer than the signature.
    """
    text = config.client_assertion_signing_key
    return None if text is None else pem.private_key(text)


def _making_no_client(constructor: T) -> T:
    """Return the constructor of the SDK's client without an HTTP client of its own.

    That belongs to no event loop, so that it is not used; making it takes longer than
    all the rest of an app's start, for the certificates that it reads.
    """
    made: t.Any = constructor
    names = {**made.__globals__, "AsyncOAuth2Client": lambda **options: None}
    rest = made.__name__, made.__defaults__, made.__closure__
    copied = types.FunctionType(made.__code__, names, *rest)
    copied.__kwdefaults__ = made.__kwdefaults__
    return t.cast("T", copied)


_construct = _making_no_client(ServerClient.__init__)


class LoopClient(ServerClient[t.Any]):
    """The SDK's client on the HTTP connections of the event loop that it runs on."""

    def __init__(
        self,
        config: Config,
        *,
        state_store: SessionStore,
        transaction_store: LoginStore,
        anonymous_store: AnonymousStore | None,
        clock: Clock,
        domains: Domains,
    ) -> None:
        self._config = config
        #: Tells the domain of a request's tenant.
        self.domains: Domains = domains
        self._clock = clock
        self.store: SessionStore = state_store
        self.transactions: LoginStore = transaction_store
        self.visitors: AnonymousStore | None = anonymous_store
        self.transports: Transports = Transports(config, clock)
        #: Returns the way to the tenant of the running event loop.
        self.here: Callable[[], LoopTransport] = self.transports.here
        self.discovery: Discovery = Discovery(config, self.transports)
        # What follows differs in the copy for one login.
        self.documents: Discovery | _KnownDocuments = self.discovery
        #: Authlib's client, where the login needs no event loop.
        self.login_oauth: t.Any = None
        # A login has spent its code already, so it waits for the next fetch.
        self._patience_at_logins = PerDomain(
            lambda: Patience(INTERVAL_AT_LOGINS, INTERVAL_AT_LOGINS)
        )
        self.patience_with_strangers: PerDomain[Patience] = PerDomain(
            lambda: Patience(INTERVAL_FOR_STRANGERS)
        )
        # The SDK awaits a function, although it declares a plain one.
        domain: t.Any = domains.fixed or self._resolved_domain
        _construct(
            self,
            domain=domain,
            client_id=config.client_id,
            # The SDK's annotations forget that a secret need not be.
            client_secret=t.cast(str, config.shared_secret),
            client_assertion_signing_key=_signing_key(config),
            client_assertion_signing_alg=config.client_assertion_signing_alg,
            use_mtls=config.use_mtls,
            ssl_context=self.transports.tls if config.use_mtls else None,
            pushed_authorization_requests=config.pushed_authorization_requests,
            redirect_uri=config.redirect_uri,
            secret=config.secret[0],
            organization=config.organization,
            authorization_params=config.authorization_parameters,
            state_identifier=KEY,
            transaction_identifier=TRANSACTION_KEY,
            state_store=state_store,
            transaction_store=transaction_store,
            anonymous_store=anonymous_store,
            clear_anonymous_session_on_login=config.clear_anonymous_session_on_login,
            mfa_token_ttl=config.mfa_token_ttl,
        )
        if domains.fixed is None:
            # The SDK's own takes a function for a text.
            self._my_account_client = _MyAccount(domains, telemetry_headers())
        # These clients of the SDK would make a new TLS context for each call.
        for each in (super().mfa, super().anonymous, self._my_account_client):
            vars(each)["_get_http_client"] = self._get_http_client
        make = super().mfa._encrypt_mfa_token
        vars(super().mfa)["_encrypt_mfa_token"] = bound(make, config.secret[0])

    def may_know_visitor(self, cookies: Iterable[str]) -> bool:
        """Tell whether a browser may have an anonymous session.

        :param cookies: the names of its cookies.
        """
        if self.visitors is None or self.visitors.needs_loop:
            return self.visitors is not None
        return any(APART in name for name in cookies)

    def forget_visitors(self) -> None:
        """Let a copy of the client look for no anonymous session."""
        self._anonymous_store, self._anonymous_client = None, _NOBODY

    @property
    def _oauth(self) -> t.Any:
        return self.login_oauth or self.here().oauth

    @_oauth.setter
    def _oauth(self, value: t.Any) -> None:
        """Ignore the client that the SDK makes, which belongs to no event loop."""

    async def authenticated(self, content: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return the content of a request with what proves who the app is.

        A certificate is shown with the connection instead.
        """
        metadata = await self.documents.metadata(await self.domain_here())
        whole = {**content, "client_id": self._config.client_id}
        self._apply_client_authentication(whole, metadata["issuer"], in_body=True)
        return whole

    async def _token_endpoint(self) -> str:
        metadata = await self.documents.metadata(await self.domain_here())
        return t.cast(str, metadata["token_endpoint"])

    @property
    def _redirect_uri(self) -> t.Any:
        departure = departing.get()
        return departure.redirect_uri if departure else self._config.redirect_uri

    @_redirect_uri.setter
    def _redirect_uri(self, value: t.Any) -> None:
        """Ignore the URL of the configuration, since each flow has its own."""

    async def domain_here(self) -> str:
        """Return the domain of the current request's tenant."""
        return self.domains.fixed or await self.domains.resolve(current_request())

    @contextmanager
    def place_for_code(self, domain: str) -> Iterator[Document | None]:
        """Have a place for a request with a code, before the code is spent.

        What is known of the tenant is yielded, as of :meth:`require_token_endpoint`.

        :raises TenantUnavailable: when there is none, or the tenant is not asked now.
        """
        with self.transports.guards.places.one():
            yield self.require_token_endpoint(domain)

    def require_token_endpoint(self, domain: str) -> Document | None:
        """Raise an error while a tenant is not asked for tokens.

        :return: the discovery document of the tenant, if it is known.
        :raises TenantUnavailable: with the seconds until it is asked again.
        """
        guards = self.transports.guards
        guards.breakers.require_closed(domain)
        metadata = self.discovery.known("metadata", domain)
        if metadata is not None and guards.limits.until:
            guards.limits.require(metadata["token_endpoint"])
        return metadata

    def has_sent_code_back(self, current: CurrentRequest, domain: str) -> bool:
        """Tell whether the tenant has answered a code with its rate limit.

        It has not looked at the code then, which is good for another try.
        """
        answer = current.tenant_answer
        if answer is None or answer.status != 429:
            return False
        metadata = self.discovery.known("metadata", domain)
        return metadata is not None and answer.endpoint == metadata["token_endpoint"]

    async def _resolved_domain(self, context: t.Any) -> str:
        # The SDK shows its resolvers a part of the request. Ours knows all of it.
        return await self.domain_here()

    def _get_http_client(self, **kwargs: t.Any) -> t.Any:
        return self._shared_http()

    @asynccontextmanager
    async def _shared_http(self) -> AsyncIterator[CheckedHttp]:
        # Leaving the client's own context would close it for all requests.
        http, config = self.here().http, self._config
        if config.shared_secret is not None:
            yield CheckedHttp(http, config)
            return
        asks = self.authenticated, self._token_endpoint
        yield CheckedHttp(ProvingHttp(http, config, *asks), config)

    async def start_interactive_login(
        self,
        options: StartInteractiveLoginOptions | None = None,
        store_options: dict[str, t.Any] | None = None,
    ) -> str:
        """Begin a login, and return the URL to log in at."""
        start: t.Any = super().start_interactive_login
        if not self._config.pushed_authorization_requests:
            return t.cast(str, await start(options, store_options))
        metadata = await self.documents.metadata(await self.domain_here())
        pushed_requests.endpoint_of(metadata)
        return pushed_requests.without_the_rest(await start(options, store_options))

    # The SDK passes all of these by name.
    async def _build_link_user_url(  # type: ignore[override]
        self, **given: t.Any
    ) -> str:
        # The SDK would write None as text. Empty means omitted (RFC 6749, section 3.1).
        scope = given.get("connection_scope") or ""
        given = self._with_flow(given, requested_connection_scope=scope)
        return await self._pushed(await super()._build_link_user_url(**given))

    async def _build_unlink_user_url(  # type: ignore[override]
        self, **given: t.Any
    ) -> str:
        build: t.Any = super()._build_unlink_user_url
        return await self._pushed(await build(**self._with_flow(given)))

    async def _pushed(self, url: str) -> str:
        """Return an authorization URL as a browser may see it.

        The SDK pushes the requests of logins alone.
        """
        if not self._config.pushed_authorization_requests:
            return url
        metadata = await self.documents.metadata(await self.domain_here())
        endpoint, _, query = url.partition("?")
        place = pushed_requests.endpoint_of(metadata)
        content = await self.authenticated(dict(parse_qsl(query)))
        response = await pushed(self.here().http, place, data=content)
        return pushed_requests.url_after(response, endpoint, self._config.client_id)

    def _with_flow(self, given: dict[str, t.Any], **more: str) -> dict[str, t.Any]:
        """Return the SDK's arguments for the URL of a flow that links accounts."""
        asked = given.get("authorization_params") or {}
        whole = {"redirect_uri": self._redirect_uri, **more, **asked}
        parameters = completed({**whole, "state": given["state"]})
        return {**given, "authorization_params": parameters}

    async def _get_oidc_metadata_cached(self, domain: str) -> Document:
        return await self.documents.metadata(domain)

    async def _get_jwks_cached(
        self, domain: str, metadata: Document | None = None
    ) -> Keys:
        return await self.documents.jwks(domain)

    async def _verify_and_decode_jwt(
        self, token: str, jwks: Keys, audience: str | None = None
    ) -> dict[str, t.Any]:
        documents, domain = self.documents, await self.domain_here()
        newer = functools.partial(
            documents.newer_jwks, domain, jwks, self._patience_at_logins
        )
        issuer = (await documents.metadata(domain))["issuer"]
        check = functools.partial(
            check_id_token, client_id=self._config.client_id, issuer=issuer
        )
        claims = await verified_claims(token, jwks, newer, check)
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise jwt.InvalidTokenError("Token does not say who logged in.")
        # An ID token of another login is refused before anything is kept, or a hook
        # called.
        arrival = arriving.get()
        if arrival is not None:
            arrival.check(claims)
            arrival.verified = token, claims
        pair, is_login = issued.get(), arrival is None or arrival.kind == "login"
        if pair is None or pair.id_token != token or not is_login:
            return claims
        issued.set(None)
        return merged(claims, await self._userinfo(pair.access_token, jwks))

    async def _userinfo(self, access_token: str, jwks: Keys) -> dict[str, t.Any]:
        """Return what the tenant's userinfo endpoint tells of a user.

        :raises TenantError: when that makes no sense.
        :raises TenantUnavailable: when it does not answer.
        """
        documents, config = self.documents, self._config
        domain = await self.domain_here()
        metadata = await documents.metadata(domain)
        url, headers = endpoint_of(metadata, domain), headers_for(access_token)
        del access_token
        if self.login_oauth is not None:
            response = self.login_oauth.session.get(url, headers)
        else:
            response = await self.here().http.get(url, headers=headers)
        newer = functools.partial(
            documents.newer_jwks, domain, jwks, self._patience_at_logins
        )
        check = functools.partial(
            check_userinfo, client_id=config.client_id, issuer=metadata["issuer"]
        )
        return await claims_in(
            response, lambda signed: verified_claims(signed, jwks, newer, check)
        )

    async def log_in_with_factor(
        self,
        verified: MfaVerifyResponse,
        audience: str,
        scope: str,
        store_options: dict[str, t.Any] | None,
    ) -> None:
        """Begin a session with the answer to a second factor."""
        await self._establish_session_from_mfa_verify_response(
            verify_response=verified,
            audience=audience,
            scope=scope,
            store_options=store_options,
        )


class _MyAccount(MyAccountClient):
    """The SDK's client for the My Account API, at the tenant of each request."""

    def __init__(self, domains: Domains, headers: dict[str, str]) -> None:
        self._domains = domains
        super().__init__("", headers)

    @property
    def audience(self) -> str:
        """The URL of the API at the current request's tenant."""
        return f"https://{self._domains.of(current_request())}/me/"


class Logins:
    """Starts and completes the logins of an app."""

    def __init__(self, client: LoopClient, config: Config) -> None:
        self._client, self._config = client, config
        self._check = login_check(config)
        make = lambda: ThreadHttp(config.timeout, client.transports.tls)  # noqa: E731
        self._http = PerProcess(make)
        #: The same for each domain, where the app has several.
        self._each_http = PerProcess(lambda: PerDomain(make))

    def start(
        self,
        current: CurrentRequest,
        options: StartInteractiveLoginOptions,
        departure: Departure,
    ) -> str:
        """Return the URL to log in at."""
        with during(departing, departure):
            return self._start(current, options)

    def _start(
        self, current: CurrentRequest, options: StartInteractiveLoginOptions
    ) -> str:
        # A pushed request, and the ticket for a visitor, need an answer of the tenant.
        is_visitor = self._client.may_know_visitor(current.jar.values)
        if is_visitor or self._config.pushed_authorization_requests:
            return self._wait(self._client.start_interactive_login(options))
        client = self._for_one_login(current, "metadata")
        client.forget_visitors()
        if client.login_oauth is None:
            return self._wait(client.start_interactive_login(options))
        # The client's own method would run on the event loop, so the SDK's is called.
        start = ServerClient.start_interactive_login
        return run_without_loop(start(client, options, {HERE: current}))

    def complete(
        self, current: CurrentRequest, url: str, arrival: Arrival
    ) -> dict[str, t.Any]:
        """Exchange the code in a callback's URL, and keep the session.

        :returns: the SDK's result, with the user's claims and the app's data.
        """
        token = arriving.set(arrival)
        try:
            found = self._complete(current, url)
        finally:
            arriving.reset(token)
        # The callback tells of it itself, and has an answer for the browser.
        current.tell_of_login = None
        return found

    def _complete(self, current: CurrentRequest, url: str) -> dict[str, t.Any]:
        client = self._for_one_login(current, "metadata", "jwks")
        if not client.may_know_visitor(request.cookies):
            client.forget_visitors()
        if client.login_oauth is None:
            return self._wait(client.complete_interactive_login(url))
        # The client's own method would run on the event loop, as in start.
        complete = ServerClient.complete_interactive_login
        # What this login leaves in the thread, another request must not find.
        before = issued.set(None)
        try:
            return run_without_loop(complete(client, url, {HERE: current}))
        finally:
            issued.reset(before)

    def _wait(self, coroutine: Coroutine[t.Any, t.Any, R]) -> R:
        return loop.run(coroutine, self._config.timeout)

    def _for_one_login(self, current: CurrentRequest, *needed: str) -> LoopClient:
        """Return a copy of the client, one without an event loop where that can be.

        :param needed: the documents of the tenant that must be at hand.
        """
        client = copy.copy(self._client)
        fixed = client.domains.fixed
        domain = fixed or client.domains.of(current)
        known = client.discovery.all_known(domain, *needed)
        stores = (client.store, client.transactions, client.visitors)
        if known is None or any(each.needs_loop for each in stores if each):
            return client
        # A thread in which a loop runs already must not wait for a coroutine.
        if loop.is_any_running() or greenlets.are_threads():
            return client
        http = self._http.of[os.getpid()] if fixed else self._each_http.get().of(domain)
        until = time.monotonic() + self._config.timeout
        session = _Session(http, client.transports.guards, domain, until)
        client.login_oauth = _DirectOAuth(session, self._config, self._check)
        client.documents = _KnownDocuments(known, client.discovery, until)
        return client


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

    async def newer_jwks(
        self, domain: str, jwks: Keys, patiences: PerDomain[Patience]
    ) -> Keys:
        """Return newer keys than these."""
        left = max(self._until - time.monotonic(), 0)
        return loop.run(self._discovery.newer_jwks(domain, jwks, patiences), left)


class _DirectOAuth(AuthorizationUrls, OAuth2Client):
    """Authlib's client, with an answer that is there when it is awaited."""

    #: The SDK catches this one. It has all that Authlib uses, but another base class.
    oauth_error_class = OAuthError  # type: ignore[assignment]

    def __init__(
        self, session: _Session, config: Config, check: Callable[..., httpx.Response]
    ) -> None:
        super().__init__(session, config.client_id, config.shared_secret)
        self.register_compliance_hook("access_token_response", check)

    async def fetch_token(self, *args: t.Any, **kwargs: t.Any) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", super().fetch_token(*args, **kwargs))


#: The URL of an endpoint. A tenant has few, and httpx takes long to parse one.
_parsed: Callable[[str], httpx.URL] = functools.lru_cache(64)(httpx.URL)


class _Session:
    """The session that Authlib's client sends its requests with."""

    def __init__(
        self, http: ThreadHttp, guards: Guards, domain: str, until: float
    ) -> None:
        self._http, self._guards = http, guards
        self._domain, self._until = domain, until

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
        endpoint = _parsed(url)
        send = functools.partial(self._http.post, endpoint, own, body, self._until)
        return self._sent("POST", endpoint, send)

    def get(self, url: str, headers: httpx.Headers) -> httpx.Response:
        """Send a ``GET`` request."""
        endpoint = _parsed(url)
        send = functools.partial(self._http.get, endpoint, headers, self._until)
        return self._sent("GET", endpoint, send)

    def _sent(
        self, method: str, url: httpx.URL, send: Callable[[], httpx.Response]
    ) -> httpx.Response:
        guards, place = self._guards, (self._domain, method, url)
        asked = guards.request(guards.breakers.attempt, *place)
        with guards.places.one(), asked as answered:
            response = send()
            answered(response, is_lookup=False)
            return response
