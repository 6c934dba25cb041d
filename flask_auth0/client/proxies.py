"""The proxy on the way to the tenant, as the environment names it."""

from __future__ import annotations

import os
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from msgspec import Struct


class Proxy(Struct, frozen=True):
    """A proxy, without its password."""

    #: The variable that names it.
    key: str
    host: str
    port: int


def proxy_to(place: str) -> Proxy | None:
    """Return the proxy for a host, or ``None`` where ``NO_PROXY`` excepts it.

    The variables are read as the standard library does it, which httpx follows.

    :param place: the host, which may have a port.
    """
    proxies = getproxies()
    kind = next((kind for kind in ("https", "all") if proxies.get(kind)), None)
    if kind is None or proxy_bypass(place):
        return None
    url = proxies[kind]
    parts = urlsplit(url if "://" in url else f"http://{url}")
    names = (f"{kind}_proxy", f"{kind.upper()}_PROXY")
    key = next((name for name in names if os.environ.get(name)), names[1])
    return Proxy(key, parts.hostname or "", parts.port or 80)
