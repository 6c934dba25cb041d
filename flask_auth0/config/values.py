"""Parsers for the values of keys, from the app's config or from the environment."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from .urls import as_ascii, origin_of

#: Parameters of an authorization request that the extension sets, with the key or
#: method that decides about each.
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
#: Values that people copy from an example.
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
_MOST_SECONDS = 10**9
#: Bytes of the response with which a login begins.
_LEAST_BYTES = 2048
#: The most sessions of one user. An item of DynamoDB has room for 9,850, some of which
#: concurrent logins need.
_MOST_SESSIONS = 5000


def parse_text(value: t.Any) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty")
    if value.strip().lower() in _PLACEHOLDERS:
        raise ValueError("is still what the documentation has in its place")
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value.strip()


def parse_domain(value: t.Any) -> str:
    """Return a tenant's domain, with a port if it has one."""
    domain = parse_text(value).lower()
    domain = re.sub(r"^https?://", "", domain).rstrip("/")
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(
            "must be the bare domain of the tenant, such as "
            "my-tenant.us.auth0.com or localhost:4443, without a path"
        )
    if not _has_place(f"//{domain}"):
        raise ValueError("must have a host, and perhaps a port from 1 to 65535")
    return domain


def parse_domain_or_function(value: t.Any) -> t.Any:
    """Return a tenant's domain, or the app's function that tells it for a request."""
    return value if callable(value) else parse_domain(value)


def _has_place(url: str) -> bool:
    """Tell whether a URL has a possible host and port."""
    try:
        parts = urlsplit(url)
        if "[" in parts.netloc:
            ip_address(parts.hostname or "")
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def parse_secrets(value: t.Any) -> tuple[str, ...]:
    """Return one or several secrets; a text may have several, separated by commas."""
    parts = parse_text(value).split(",") if isinstance(value, str) else list(value)
    secrets = tuple(part.strip() for part in parts if part.strip())
    if not secrets:
        raise ValueError("must not be empty; make one with: openssl rand -hex 64")
    return secrets


def parse_url(value: t.Any) -> str:
    """Return an absolute URL in ASCII."""
    url = parse_text(value)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.fragment:
        raise ValueError("must be an absolute http or https URL without a fragment")
    if "@" in parts.netloc or not _has_place(url):
        raise ValueError("must have a host, and perhaps a port from 1 to 65535")
    return as_ascii(url)


def parse_callback(value: t.Any) -> str:
    """Return a URL whose origin is the app's."""
    url = parse_url(value)
    # Raises an error for a URL without an origin.
    origin_of(url)
    return url


def parse_location(value: t.Any) -> str:
    """Return a path of this app or an absolute URL."""
    location = parse_text(value)
    if location.startswith("/") and not location.startswith(("//", "/\\")):
        return as_ascii(location)
    try:
        return parse_url(location)
    except ValueError:
        raise ValueError(
            "must be a path such as /welcome, or an absolute URL"
        ) from None


def parse_locations(value: t.Any) -> tuple[str, ...]:
    """Return the URLs that a logout may lead to."""
    parts = parse_text(value).split(",") if isinstance(value, str) else list(value)
    return tuple(_exact_location(part) for part in parts if part.strip())


def parse_names(value: t.Any) -> tuple[str, ...]:
    """Return names, in a text with commas between."""
    parts = parse_text(value).split(",") if isinstance(value, str) else list(value)
    return tuple(parse_text(part) for part in parts if not _is_blank(part))


def _is_blank(part: t.Any) -> bool:
    return isinstance(part, str) and not part.strip()


def _exact_location(value: str) -> str:
    try:
        location = parse_location(value)
    except ValueError as error:
        raise ValueError(f"has {value!r} in it, which {error}") from None
    if "*" in urlsplit(location).netloc:
        raise ValueError(f"has {value!r} in it, but URLs are compared exactly")
    return location


def parse_path(value: t.Any) -> str:
    """Return the path of a route; an empty one turns the route off."""
    if not isinstance(value, str) or not re.fullmatch(r"(/[^?#<>\s\\]*)?", value):
        raise ValueError(
            "must be a path such as /login, or be empty to turn the route off"
        )
    return value


def parse_prefix(value: t.Any) -> str:
    """Return the prefix of all paths, without a slash at the end."""
    if not isinstance(value, str) or not re.fullmatch(r"(/[^/?#<>\s\\]+)*/?", value):
        raise ValueError("must be a path such as /auth, or empty")
    return value.rstrip("/")


def parse_boolean(value: t.Any) -> bool:
    """Return a boolean; a text may be one of the usual words for it."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "yes": True, "on": True}
    known |= {"false": False, "0": False, "no": False, "off": False}
    try:
        return known[str(value).strip().lower()]
    except KeyError:
        raise ValueError("must be true or false") from None


def parse_seconds(value: t.Any) -> int:
    """Return a number of seconds above zero."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        seconds = 0
    if not 0 < seconds <= _MOST_SECONDS or isinstance(value, bool):
        raise ValueError("must be a whole number of seconds above zero")
    return seconds


def parse_seconds_or_none(value: t.Any) -> int:
    """Return a number of seconds that may be zero."""
    return 0 if str(value).strip() == "0" else parse_seconds(value)


def parse_sessions(value: t.Any) -> int:
    """Return a number of sessions of one user that every back end can find."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= _MOST_SESSIONS:
        raise ValueError(f"must be a whole number from 1 to {_MOST_SESSIONS}")
    return int(text)


def parse_count(value: t.Any) -> int:
    """Return a number above zero."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) == 0:
        raise ValueError("must be a whole number from 1 to 9999")
    return int(text)


def parse_size(value: t.Any) -> int:
    """Return a number of bytes that has room for a small page."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if not re.fullmatch("[0-9]{1,7}", text) or int(text) < _LEAST_BYTES:
        raise ValueError(f"must be a whole number of bytes, {_LEAST_BYTES} or more")
    return int(text)


def parse_scope(value: t.Any) -> str:
    """Return scopes, with ``openid`` among them."""
    scopes = parse_text(value).split() if isinstance(value, str) else list(value)
    return " ".join(dict.fromkeys(["openid", *scopes]))


def parse_mapping(value: t.Any) -> Mapping[str, t.Any]:
    """Return a mapping, which the environment has as a JSON object."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError("must be a JSON object") from None
    if not isinstance(value, Mapping):
        raise ValueError("must be a mapping, or a JSON object in the environment")
    return dict(value)


def parse_parameters(value: t.Any) -> Mapping[str, t.Any]:
    """Return parameters of an authorization request."""
    parameters = parse_mapping(value)
    for name in parameters:
        if name in RESERVED_PARAMETERS:
            raise ValueError(
                f"must not contain '{name}', which is decided by "
                f"{RESERVED_PARAMETERS[name]}"
            )
    if not re.fullmatch("[0-9]{1,9}", str(parameters.get("max_age", 0))):
        raise ValueError("must have a number of seconds as max_age")
    return parameters


def one_of(*choices: str) -> Callable[[t.Any], str]:
    """Return a parser that accepts one of several words."""

    def parse(value: t.Any) -> str:
        for choice in choices:
            if str(value).strip().lower() == choice.lower():
                return choice
        raise ValueError(f"must be one of {', '.join(choices)}")

    return parse
