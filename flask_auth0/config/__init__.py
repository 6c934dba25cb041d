"""Every ``AUTH0_*`` key: where its value comes from, its default, what it may be."""

from __future__ import annotations

import difflib
import json
import os
import re
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask

from .urls import as_ascii, origin_of
from .weak_secrets import weakness_of

#: The key of what the extension leaves on an app, in its ``extensions``.
EXTENSION = "auth0"
#: Parameters of an authorization request that the extension itself sets, and who
#: decides about each instead.
RESERVED_PARAMETERS = {
    "client_id": "AUTH0_CLIENT_ID",
    "redirect_uri": "AUTH0_REDIRECT_URI",
    "scope": "AUTH0_SCOPE",
    "audience": "AUTH0_AUDIENCE",
    "organization": "AUTH0_ORGANIZATION",
    "state": "nothing: it is made for each login",
    "nonce": "nothing: it is made for each login",
    "response_type": "nothing: it is always 'code'",
    "response_mode": "nothing: it is always 'query'",
    "code_challenge": "nothing: it is made for each login",
    "code_challenge_method": "nothing: it is always 'S256'",
}

_DOMAIN = re.compile(
    r"(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)"
    r"(:[0-9]{1,5})?"
)
#: What people copy along with an example.
_PLACEHOLDERS = {
    "my-tenant.us.auth0.com",
    "your-tenant.us.auth0.com",
    "your-client-id",
    "your_client_id",
    "your-client-secret",
    "your_client_secret",
    "your_generated_app_secret",
    "the-output-of-openssl-rand-hex-64",
}
_WEAK = (
    "whoever has a cookie can find it out and make sessions of any user; make a new "
    "one with: openssl rand -hex 64 (AUTH0_ALLOW_WEAK_SECRET=true accepts it anyway)"
)
_MOST_SECONDS = 10**9
#: What a login that begins needs for its answer.
_LEAST_BYTES = 2048
#: DynamoDB finds 9,850 sessions of one user, and has to have room for logins at once.
_MOST_SESSIONS = 5000
_ROUTES = ("login", "callback", "logout", "backchannel_logout")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Problem(t.NamedTuple):
    """One setting that is missing or wrong, and what to do about it."""

    key: str
    remedy: str


def _text(value: t.Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty")
    if value.strip().lower() in _PLACEHOLDERS:
        raise ValueError("is still what the documentation has in its place")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value.strip()


def _domain(value: t.Any) -> str:
    domain = _text(value).lower()
    domain = re.sub(r"^https?://", "", domain).rstrip("/")
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(
            "must be the bare domain of the tenant, such as "
            "my-tenant.us.auth0.com or localhost:4443, without a path"
        )
    if not _has_place(f"//{domain}"):
        raise ValueError("must have a host, and perhaps a port from 1 to 65535")
    return domain


def _has_place(url: str) -> bool:
    """Tell whether the host and the port of a URL can be ones."""
    try:
        parts = urlsplit(url)
        if "[" in parts.netloc:
            ip_address(parts.hostname or "")
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _secrets(value: t.Any) -> tuple[str, ...]:
    parts = _text(value).split(",") if isinstance(value, str) else list(value)
    secrets = tuple(part.strip() for part in parts if part.strip())
    if not secrets:
        raise ValueError("must not be empty; make one with: openssl rand -hex 64")
    return secrets


def _url(value: t.Any) -> str:
    url = _text(value)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.fragment:
        raise ValueError("must be an absolute http or https URL without a fragment")
    if "@" in parts.netloc or not _has_place(url):
        raise ValueError("must have a host, and perhaps a port from 1 to 65535")
    return as_ascii(url)


def _callback(value: t.Any) -> str:
    """Return a URL whose origin is the app's."""
    url = _url(value)
    # It raises an error where there is none.
    origin_of(url)
    return url


def _location(value: t.Any) -> str:
    """Return a path of this app or an absolute URL."""
    location = _text(value)
    if location.startswith("/") and not location.startswith(("//", "/\\")):
        return as_ascii(location)
    try:
        return _url(location)
    except ValueError:
        raise ValueError(
            "must be a path such as /welcome, or an absolute URL"
        ) from None


def _locations(value: t.Any) -> tuple[str, ...]:
    parts = _text(value).split(",") if isinstance(value, str) else list(value)
    return tuple(_exact_location(part) for part in parts if part.strip())


def _exact_location(value: str) -> str:
    try:
        location = _location(value)
    except ValueError as error:
        raise ValueError(f"has {value!r} in it, which {error}") from None
    if "*" in urlsplit(location).netloc:
        raise ValueError(f"has {value!r} in it, but URLs are compared exactly")
    return location


def _route(value: t.Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"(/[^?#<>\s\\]*)?", value):
        raise ValueError(
            "must be a path such as /login, or be empty to turn the route off"
        )
    return value


def _prefix(value: t.Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"(/[^/?#<>\s\\]+)*/?", value):
        raise ValueError("must be a path such as /auth, or empty")
    return value.rstrip("/")


def _boolean(value: t.Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "yes": True, "on": True}
    known |= {"false": False, "0": False, "no": False, "off": False}
    try:
        return known[str(value).strip().lower()]
    except KeyError:
        raise ValueError("must be true or false") from None


def _seconds(value: t.Any) -> int:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        seconds = 0
    if not 0 < seconds <= _MOST_SECONDS or isinstance(value, bool):
        raise ValueError("must be a whole number of seconds above zero")
    return seconds


def _seconds_or_none(value: t.Any) -> int:
    """Return a number of seconds that may be zero."""
    return 0 if str(value).strip() == "0" else _seconds(value)


def _sessions(value: t.Any) -> int:
    """Return a number of sessions of one user that every back end can find."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= _MOST_SESSIONS:
        raise ValueError(f"must be a whole number from 1 to {_MOST_SESSIONS}")
    return int(text)


def _bytes(value: t.Any) -> int:
    """Return a number of bytes that a small page fits into."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if not re.fullmatch("[0-9]{1,7}", text) or int(text) < _LEAST_BYTES:
        raise ValueError(f"must be a whole number of bytes, {_LEAST_BYTES} or more")
    return int(text)


def _scope(value: t.Any) -> str:
    scopes = _text(value).split() if isinstance(value, str) else list(value)
    return " ".join(dict.fromkeys(["openid", *scopes]))


def _parameters(value: t.Any) -> Mapping[str, t.Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError("must be a JSON object") from None
    if not isinstance(value, Mapping):
        raise ValueError("must be a mapping, or a JSON object in the environment")
    for name in value:
        if name in RESERVED_PARAMETERS:
            raise ValueError(
                f"must not contain '{name}', which is decided by "
                f"{RESERVED_PARAMETERS[name]}"
            )
    if not re.fullmatch("[0-9]{1,9}", str(value.get("max_age", 0))):
        raise ValueError("must have a number of seconds as max_age")
    return dict(value)


def _one_of(*choices: str) -> Callable[[t.Any], str]:
    def parse(value: t.Any) -> str:
        for choice in choices:
            if str(value).strip().lower() == choice.lower():
                return choice
        raise ValueError(f"must be one of {', '.join(choices)}")

    return parse


def _setting(
    parse: Callable[[t.Any], t.Any],
    default: t.Any = MISSING,
    *,
    hidden: bool = False,
) -> t.Any:
    return field(default=default, repr=not hidden, metadata={"parse": parse})


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one app, read and checked once. Secrets are not in its repr."""

    #: The tenant's domain, with a port if it has one.
    domain: str = _setting(_domain)
    #: The application's Client ID.
    client_id: str = _setting(_text)
    #: The application's Client Secret.
    client_secret: str = _setting(_text, hidden=True)
    #: Secrets that seal sessions: the first one seals, all of them open.
    secret: tuple[str, ...] = _setting(_secrets, hidden=True)
    #: The callback URL; made from the request when not set.
    redirect_uri: str | None = _setting(_callback, None)
    #: The scopes to ask for; ``openid`` is always among them.
    scope: str = _setting(_scope, "openid profile email")
    #: The API that access tokens are for.
    audience: str | None = _setting(_text, None)
    #: The organization that every login is for.
    organization: str | None = _setting(_text, None)
    #: More parameters of every authorization request.
    authorization_params: Mapping[str, t.Any] | None = _setting(_parameters, None)
    #: Seconds from login to the end of a session.
    session_absolute_duration: int = _setting(_seconds, 259200)
    #: Seconds without a request to the end of a rolling session.
    session_inactivity_duration: int = _setting(_seconds, 86400)
    #: Whether activity moves the inactivity limit.
    session_rolling: bool = _setting(_boolean, True)
    #: Seconds that a request may wait for the back end of sessions.
    session_store_timeout: int = _setting(_seconds, 2)
    #: How many sessions one user may have on the server; at one more, the oldest ends.
    sessions_per_user: int = _setting(_sessions, 1000)
    #: Bytes of a response's status and headers, where it sets session cookies.
    response_header_limit: int = _setting(_bytes, 4096)
    #: The URL of a Redis that knows which sessions in cookies have been ended.
    revocation_store: str | None = _setting(_text, None, hidden=True)
    #: Whether cookies from before a change are refused, with a revocation store.
    refuse_older_cookies: bool = _setting(_boolean, False)
    #: Flask's ``SESSION_COOKIE_DOMAIN``.
    cookie_domain: str | None = _setting(_text, None)
    #: Flask's ``SESSION_COOKIE_PATH``.
    cookie_path: str | None = _setting(_text, None)
    #: Whether cookies end with the browser's own session.
    cookie_transient: bool = _setting(_boolean, False)
    #: Flask's ``SESSION_COOKIE_SECURE``.
    cookie_secure: bool | None = _setting(_boolean, None)
    #: Flask's ``SESSION_COOKIE_SAMESITE``.
    cookie_same_site: str = _setting(_one_of("Lax", "Strict", "None"), "Lax")
    #: Whether the names of session cookies begin with ``__Host-``, or come to.
    cookie_host_prefix: str | None = _setting(_one_of("true", "migrate", "false"), None)
    #: In front of the paths of all routes.
    url_prefix: str = _setting(_prefix, "")
    #: Where a login starts.
    login_path: str = _setting(_route, "/login")
    #: Where the tenant sends the browser back to.
    callback_path: str = _setting(_route, "/callback")
    #: Where a session ends.
    logout_path: str = _setting(_route, "/logout")
    #: Where the tenant says that a session has ended there.
    backchannel_logout_path: str = _setting(_route, "/backchannel-logout")
    #: Where to go after a login that did not begin at a page.
    post_login_redirect: str = _setting(_location, "/")
    #: Where to go after a logout; the app's root when not set.
    post_logout_redirect: str | None = _setting(_location, None)
    #: Where else a logout may lead, if it is asked to.
    allowed_logout_urls: tuple[str, ...] = _setting(_locations, ())
    #: Which logout endpoint of the tenant is used.
    logout_strategy: str = _setting(_one_of("auto", "oidc", "v2"), "auto")
    #: Whether the refresh token of a session ends with it, at the tenant.
    revoke_refresh_token_on_logout: bool = _setting(_boolean, False)
    #: Seconds that a call to the tenant may take.
    timeout: int = _setting(_seconds, 10)
    #: Seconds before its end from which on an access token is refreshed.
    token_refresh_leeway: int = _setting(_seconds_or_none, 30)
    #: Whether a development tenant is accepted outside debug and testing.
    allow_development_tenant: bool = _setting(_boolean, False)
    #: Whether a secret that can be guessed is accepted outside debug and testing.
    allow_weak_secret: bool = _setting(_boolean, False)

    @property
    def authorization_parameters(self) -> dict[str, t.Any]:
        """The parameters that every authorization request begins with."""
        parameters = {**(self.authorization_params or {}), "scope": self.scope}
        if self.audience:
            parameters["audience"] = self.audience
        return parameters

    def purpose(self, name: str) -> str:
        """Return what a key is for: also which client of which tenant."""
        return f"{name} of {self.client_id} at {self.domain}"

    @property
    def secure(self) -> bool | None:
        """Whether cookies are Secure, or ``None`` where each request decides."""
        if self.cookie_same_site == "None":
            # Browsers take no other ones.
            return True
        if self.cookie_secure is not None or self.redirect_uri is None:
            return self.cookie_secure
        return not is_plain_loopback(self.redirect_uri)


def config_of(app: Flask) -> Config:
    """Return the settings of an app that is set up."""
    config: Config = app.extensions[EXTENSION].config
    return config


def is_plain_loopback(url: str) -> bool:
    """Tell whether a URL is plain http on a loopback host, as in development."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def read_config(
    options: Mapping[str, t.Any],
    app_config: Mapping[str, t.Any],
    environ: Mapping[str, str] = os.environ,
) -> tuple[Config | None, list[Problem]]:
    """Read every key: options win over the app's config, and that over the environment.

    :return: the settings, or ``None`` where there are problems, and all the problems.
    """
    values: dict[str, t.Any] = {}
    problems = [_unknown(name) for name in options if name not in _fields()]
    for name, setting in _fields().items():
        try:
            raw = _find(name, options, app_config, environ)
            if raw is not None:
                values[name] = setting.metadata["parse"](raw)
            elif setting.default is MISSING:
                problems.append(_missing(name))
        except ValueError as error:
            problems.append(Problem(key_of(name), str(error)))
        except (TypeError, AttributeError):
            problems.append(Problem(key_of(name), "has a value of the wrong type"))
    problems += _contradictions(values) + _missing_certificates(environ)
    if not (is_development(values, app_config) or values.get("allow_weak_secret")):
        problems += [Problem("AUTH0_SECRET", why) for why in weak_secrets(values)]
    return (None if problems else Config(**values)), problems


def key_of(name: str) -> str:
    """Return the configuration key of an option."""
    return f"AUTH0_{name.upper()}"


def _fields() -> dict[str, Field[t.Any]]:
    return {each.name: each for each in fields(Config)}


def _find(name: str, *sources: Mapping[str, t.Any]) -> t.Any:
    options, app_config, environ = sources
    if options.get(name) is not None:
        return options[name]
    if app_config.get(key_of(name)) is not None:
        return app_config[key_of(name)]
    return environ.get(key_of(name)) or _empty_path(name, environ)


def _empty_path(name: str, environ: Mapping[str, t.Any]) -> str | None:
    """Return "" for a path that is set to nothing, which turns its route off."""
    return environ.get(key_of(name)) if name.endswith("_path") else None


def _unknown(name: str) -> Problem:
    near = difflib.get_close_matches(name, _fields(), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return Problem(name, f"is not an option of Auth0(){hint}")


def _missing(name: str) -> Problem:
    where = {
        "secret": "make one with: openssl rand -hex 64",
        "domain": "copy it from the application's settings in the Auth0 dashboard",
    }
    hint = where.get(name, where["domain"])
    return Problem(key_of(name), f"is missing in config and environment; {hint}")


def _contradictions(values: Mapping[str, t.Any]) -> list[Problem]:
    problems = []
    defaults = _fields()
    names = [f"{name}_path" for name in _ROUTES]
    paths = [values.get(name, defaults[name].default) for name in names]
    paths = [path for path in paths if path]
    if len(set(paths)) < len(paths):
        keys = ", ".join(key_of(f"{name}_path") for name in _ROUTES)
        problems.append(Problem(keys, "must not be the same path"))
    if (
        values.get("cookie_same_site") == "None"
        and values.get("cookie_secure") is False
    ):
        problems.append(
            Problem(
                "AUTH0_COOKIE_SAME_SITE",
                "is None, which browsers accept for Secure cookies only; "
                "leave AUTH0_COOKIE_SECURE on",
            )
        )
    problems += _no_host_prefix(values)
    if values.get("callback_path", "/callback"):
        problems += _misplaced_callback(values)
    elif "redirect_uri" not in values:
        problems.append(
            Problem("AUTH0_REDIRECT_URI", "is needed when AUTH0_CALLBACK_PATH is empty")
        )
    return problems


def is_development(
    values: Mapping[str, t.Any], app_config: Mapping[str, t.Any]
) -> bool:
    """Tell whether it is sure that no real people log in."""
    if app_config.get("DEBUG") or app_config.get("TESTING"):
        return True
    host = urlsplit(f"//{values.get('domain', '')}").hostname
    return bool(values.get("allow_development_tenant")) and host in _LOOPBACK


def weak_secrets(values: Mapping[str, t.Any]) -> list[str]:
    """Return what is wrong with the secrets. An old one opens what a new one does."""
    secrets = values.get("secret", ())
    found = []
    for number, secret in enumerate(secrets, 1):
        weakness = weakness_of(secret)
        which = f"has a secret, number {number}, that " if len(secrets) > 1 else ""
        if weakness:
            found.append(f"{which}{weakness}, so that {_WEAK}")
    return found


def _no_host_prefix(values: Mapping[str, t.Any]) -> list[Problem]:
    """Find what browsers do not allow for the cookies of one host alone."""
    found = {
        "AUTH0_COOKIE_DOMAIN": values.get("cookie_domain") is not None,
        "AUTH0_COOKIE_PATH": values.get("cookie_path", "/") != "/",
        "AUTH0_COOKIE_SECURE": values.get("cookie_secure") is False,
    }
    keys = " and ".join(key for key, is_in_the_way in found.items() if is_in_the_way)
    if not keys or values.get("cookie_host_prefix") not in {"true", "migrate"}:
        return []
    remedy = (
        f"needs cookies that are Secure, for the path / and without a domain; leave "
        f"{keys} out, or set this to false"
    )
    return [Problem("AUTH0_COOKIE_HOST_PREFIX", remedy)]


def _missing_certificates(environ: Mapping[str, str]) -> list[Problem]:
    """Find what would end in an error that names neither the file nor the key."""
    keys = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    wrong = [
        key for key in keys if environ.get(key) and not os.path.exists(environ[key])
    ]
    remedy = (
        "names what is not there: {}; unset it, or set it to a file of certificates. A "
        "development tenant makes a new one whenever it starts"
    )
    return [Problem(key, remedy.format(environ[key])) for key in wrong]


def _misplaced_callback(values: Mapping[str, t.Any]) -> list[Problem]:
    route = values.get("url_prefix", "") + values.get("callback_path", "/callback")
    path = urlsplit(values.get("redirect_uri", "")).path
    if "redirect_uri" not in values or path.endswith(route):
        return []
    return [
        Problem(
            "AUTH0_REDIRECT_URI",
            f"ends in {path or '/'}, but the callback is served at {route}; "
            "change one of AUTH0_REDIRECT_URI, AUTH0_CALLBACK_PATH, AUTH0_URL_PREFIX",
        )
    ]
