"""URLs as browsers write them: in ASCII (RFC 3986), and with the origin apart."""

from __future__ import annotations

import functools
import re
import typing as t
from urllib.parse import urlsplit

import httpx

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_WITH_ORIGIN = re.compile(r"(https?)://([^/?#\\@\s]+)((?:[/?#].*)?)", re.DOTALL)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}

#: The most texts of which a process remembers what they are: an app has few origins.
_REMEMBERED = 64


def as_ascii(url: str) -> str:
    """Return a URL or a path in ASCII: hosts in Punycode, all else percent-encoded.

    A text that is ASCII already is returned unchanged.

    :raises ValueError: when the host has no form in Punycode.
    """
    if url.isascii():
        return url
    try:
        return str(httpx.URL(url))
    except httpx.InvalidURL:
        raise ValueError("must be a URL whose host is a name") from None


def split_origin(url: str) -> tuple[str, str] | None:
    """Return the origin of a URL, as browsers write it, and the rest of the URL."""
    found = _WITH_ORIGIN.fullmatch(url)
    if found is None:
        return None
    scheme, host, rest = found.groups()
    try:
        _, _, host = as_ascii(f"{scheme}://{host}").partition("://")
    except ValueError:
        return None
    host = host.rstrip("/").lower().removesuffix(_DEFAULT_PORTS[scheme])
    return f"{scheme}://{host}", rest


@functools.lru_cache(_REMEMBERED)
def origin_of(url: str) -> str:
    """Return the origin of an absolute URL.

    :raises ValueError: when it has none.
    """
    scheme, separator, rest = url.partition("://")
    parts = split_origin(f"{scheme.lower()}{separator}{rest}")
    if parts is None:
        raise ValueError("must be an absolute http or https URL without a user in it")
    return parts[0]


def is_issuer(issuer: t.Any, domain: str) -> bool:
    """Tell whether an issuer is the tenant at a domain. Only Auth0's end in a slash."""
    own = f"https://{domain.removesuffix(':443')}"
    return issuer in (own, f"{own}/")


def domain_of(issuer: str) -> str:
    """Return the domain at which an issuer is."""
    return issuer.removeprefix("https://").removesuffix("/")


@functools.lru_cache(_REMEMBERED)
def is_plain_loopback(url: str) -> bool:
    """Tell whether a URL is plain http on a loopback host, as in development."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in LOOPBACK
