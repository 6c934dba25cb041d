"""Every ``AUTH0_*`` key, with its default."""

from __future__ import annotations

import typing as t
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cached_property

from .client_authentication import SIGNING_ALGORITHMS
from .development_user import parse_user
from .pem import parse_certificate, parse_private_key
from .routes import ROUTES
from .urls import is_plain_loopback
from .values import (
    one_of,
    parse_boolean,
    parse_callback,
    parse_count,
    parse_domain_or_function,
    parse_location,
    parse_locations,
    parse_names,
    parse_parameters,
    parse_path,
    parse_prefix,
    parse_scope,
    parse_seconds,
    parse_seconds_or_none,
    parse_secrets,
    parse_sessions,
    parse_size,
    parse_text,
)

#: Tells the domain at which the user of a request logs in; sync or async.
DomainFunction = Callable[[t.Any], str | Awaitable[str]]

#: In the place of a domain, where an app has several: no domain has a space.
_SEVERAL = "several domains"


def _setting(parse: Callable[[t.Any], t.Any], default: t.Any = MISSING) -> t.Any:
    return field(default=default, metadata={"parse": parse})


def _path_of(route: str) -> t.Any:
    return _setting(parse_path, ROUTES[route].path)


@dataclass(kw_only=True, init=False, repr=False, eq=False)
class Config:
    """The settings of one app, read and checked once.

    Its methods are written out, as making those of a dataclass with so many fields
    takes milliseconds of each start.
    """

    #: The tenant's domain, with a port if it has one; empty if a function tells it.
    domain: str = _setting(parse_domain_or_function)
    #: The application's Client ID.
    client_id: str = _setting(parse_text)
    #: The application's Client Secret; not needed with a key or a certificate.
    client_secret: str | None = _setting(parse_text, None)
    #: Secrets that seal sessions: the first one seals, all of them open.
    secret: tuple[str, ...] = _setting(parse_secrets)
    #: The private key that says who the app is, in place of the secret.
    client_assertion_signing_key: str | None = _setting(parse_private_key, None)
    #: The algorithm of that key; RS256 when not set.
    client_assertion_signing_alg: str | None = _setting(
        one_of(*SIGNING_ALGORITHMS), None
    )
    #: Whether a certificate says who the app is, in place of the secret.
    use_mtls: bool = _setting(parse_boolean, False)
    #: That certificate, and those that have signed it.
    mtls_cert: str | None = _setting(parse_certificate, None)
    #: The private key of that certificate.
    mtls_key: str | None = _setting(parse_private_key, None)
    #: Whether the app tells the tenant itself what a login asks for.
    pushed_authorization_requests: bool = _setting(parse_boolean, False)
    #: Whether a login gets the claims that only the tenant's userinfo endpoint has.
    fetch_userinfo: bool = _setting(parse_boolean, False)
    #: The callback URL; made from the request when not set.
    redirect_uri: str | None = _setting(parse_callback, None)
    #: The scopes to ask for; ``openid`` is always among them.
    scope: str = _setting(parse_scope, "openid profile email")
    #: The API that access tokens are for.
    audience: str | None = _setting(parse_text, None)
    #: The organization that every login is for.
    organization: str | None = _setting(parse_text, None)
    #: The claim that has a user's roles.
    roles_claim: str | None = _setting(parse_text, None)
    #: The claim that has the permissions of a user, or of an access token.
    permissions_claim: str = _setting(parse_text, "permissions")
    #: Whether all views ask for a user, but for those that are public.
    protect_app: bool = _setting(parse_boolean, False)
    #: The endpoints that stay open then, by their names.
    public_endpoints: tuple[str, ...] = _setting(parse_names, ())
    #: More parameters of every authorization request.
    authorization_params: Mapping[str, t.Any] | None = _setting(parse_parameters, None)
    #: Seconds from login to the end of a session.
    session_absolute_duration: int = _setting(parse_seconds, 259200)
    #: Seconds without a request to the end of a rolling session.
    session_inactivity_duration: int = _setting(parse_seconds, 86400)
    #: Whether activity moves the inactivity limit.
    session_rolling: bool = _setting(parse_boolean, True)
    #: Seconds that a request may wait for the back end of sessions.
    session_store_timeout: int = _setting(parse_seconds, 2)
    #: How many sessions one user may have on the server; at one more, the oldest ends.
    sessions_per_user: int = _setting(parse_sessions, 1000)
    #: Bytes of a response's status and headers, where it sets session cookies.
    response_header_limit: int = _setting(parse_size, 4096)
    #: The URL of a Redis that knows which sessions in cookies have been ended.
    revocation_store: str | None = _setting(parse_text, None)
    #: Whether cookies from before a change are refused, with a revocation store.
    refuse_older_cookies: bool = _setting(parse_boolean, False)
    #: Flask's ``SESSION_COOKIE_DOMAIN``.
    cookie_domain: str | None = _setting(parse_text, None)
    #: Flask's ``SESSION_COOKIE_PATH``.
    cookie_path: str | None = _setting(parse_text, None)
    #: Whether cookies end with the browser's own session.
    cookie_transient: bool = _setting(parse_boolean, False)
    #: Flask's ``SESSION_COOKIE_SECURE``.
    cookie_secure: bool | None = _setting(parse_boolean, None)
    #: Flask's ``SESSION_COOKIE_SAMESITE``.
    cookie_same_site: str = _setting(one_of("Lax", "Strict", "None"), "Lax")
    #: Whether the names of session cookies begin with ``__Host-``, or move to that.
    cookie_host_prefix: str | None = _setting(one_of("true", "migrate", "false"), None)
    #: The prefix of the paths of all routes.
    url_prefix: str = _setting(parse_prefix, "")
    #: The path at which a login starts.
    login_path: str = _path_of("login")
    #: The path to which the tenant sends the browser back.
    callback_path: str = _path_of("callback")
    #: The path at which a session ends.
    logout_path: str = _path_of("logout")
    #: The path at which the tenant tells of sessions that have ended there.
    backchannel_logout_path: str = _path_of("backchannel_logout")
    #: The path of the stylesheet of the extension's own pages.
    stylesheet_path: str = _path_of("stylesheet")
    #: The path at which scripts ask who is logged in.
    profile_path: str = _path_of("profile")
    #: The path at which scripts get access tokens.
    access_token_path: str = _path_of("access_token")
    #: The APIs that scripts get access tokens of; that of the audience when empty.
    access_token_audiences: tuple[str, ...] = _setting(parse_names, ())
    #: The path below which scripts log in with codes by e-mail and SMS.
    passwordless_path: str = _setting(parse_path, "")
    #: The path below which scripts ask for second factors.
    mfa_path: str = _setting(parse_path, "")
    #: The path at which scripts begin to connect accounts.
    connect_path: str = _path_of("connect")
    #: The page after a login that did not begin at one.
    post_login_redirect: str = _setting(parse_location, "/")
    #: The page after a logout; the app's root when not set.
    post_logout_redirect: str | None = _setting(parse_location, None)
    #: Other URLs that a logout may lead to, if it is asked to.
    allowed_logout_urls: tuple[str, ...] = _setting(parse_locations, ())
    #: Which logout endpoint of the tenant is used.
    logout_strategy: str = _setting(one_of("auto", "oidc", "v2"), "auto")
    #: Whether the refresh token of a session ends with it, at the tenant.
    revoke_refresh_token_on_logout: bool = _setting(parse_boolean, False)
    #: Seconds that a call to the tenant may take.
    timeout: int = _setting(parse_seconds, 10)
    #: How many requests of a process wait for the tenant at once.
    tenant_concurrency: int = _setting(parse_count, 3)
    #: Whether the anonymous session of a visitor ends with their login.
    clear_anonymous_session_on_login: bool = _setting(parse_boolean, True)
    #: Seconds that a user has to show a second factor to the app itself.
    mfa_token_ttl: int = _setting(parse_seconds, 300)
    #: Seconds before its end from which on an access token is refreshed.
    token_refresh_leeway: int = _setting(parse_seconds_or_none, 30)
    #: Whether a development tenant is accepted outside debug and testing.
    allow_development_tenant: bool = _setting(parse_boolean, False)
    #: Whether a secret that can be guessed is accepted outside debug and testing.
    allow_weak_secret: bool = _setting(parse_boolean, False)
    #: The claims of the one person who logs in, without a tenant, in debug and testing.
    development_user: Mapping[str, t.Any] | None = _setting(parse_user, None)
    #: The function that was given as the domain, if it was one.
    domain_function: DomainFunction | None = None

    def __init__(self, **settings: t.Any) -> None:
        vars(self).update(settings)

    def __setattr__(self, name: str, value: object) -> t.NoReturn:
        raise AttributeError(f"{name} is read at the start, and does not change then")

    def __repr__(self) -> str:
        return f"Config(domain={self.domain!r}, client_id={self.client_id!r})"

    @cached_property
    def paths(self) -> dict[str, str]:
        """The paths of the routes that are turned on, by their names."""
        paths = {each.name: getattr(self, each.key) for each in ROUTES.values()}
        return {name: path + ROUTES[name].below for name, path in paths.items() if path}

    @cached_property
    def audiences_of_scripts(self) -> tuple[str, ...]:
        """The APIs that scripts may have access tokens of."""
        return self.access_token_audiences or (self.audience or "",)

    @cached_property
    def shared_secret(self) -> str | None:
        """The Client Secret, if it is what says who the app is."""
        return None if self.client_assertion_signing_key else self.client_secret

    @property
    def authorization_parameters(self) -> dict[str, t.Any]:
        """The parameters that every authorization request begins with."""
        parameters = {**(self.authorization_params or {}), "scope": self.scope}
        if self.audience:
            parameters["audience"] = self.audience
        return parameters

    def purpose(self, name: str) -> str:
        """Return the purpose of a derived key, with the tenant and the client in it."""
        if self.development_user is not None:
            # A session that needed no password must not open where real users are.
            name = f"{name} in development"
        return f"{name} of {self.client_id} at {self.domain or _SEVERAL}"

    @cached_property
    def secure(self) -> bool | None:
        """Whether cookies are Secure, or ``None`` where each request decides."""
        if self.cookie_same_site == "None":
            # Browsers accept ``SameSite=None`` and ``__Host-`` with Secure only.
            return True
        if self.cookie_secure is not None or self.redirect_uri is None:
            return self.cookie_secure
        return not is_plain_loopback(self.redirect_uri)


def settings() -> dict[str, Field[t.Any]]:
    """Return the fields of all options, by their names."""
    return {each.name: each for each in fields(Config) if each.metadata}
