"""Logins of people at an app, as their browsers do them, with its test client."""

from __future__ import annotations

import ssl
from typing import NamedTuple

import httpx
from werkzeug.test import Client, TestResponse

from .tenant import Tenant

#: What tells an app that a browser goes to a page.
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
#: The most redirects within the app, on the way to the tenant.
_MOST = 5


class Place(NamedTuple):
    """Where browsers find a tenant."""

    tenant: Tenant
    #: The beginnings of its URLs.
    urls: tuple[str, ...]
    #: The authorities that its certificate can be checked with.
    ca_file: str


def log_in(place: Place, client: Client, person: str, path: str) -> TestResponse:
    """Log somebody in, without asking them anything; return the callback's answer."""
    url = _url_at_tenant(place, client, path)
    verify = ssl.create_default_context(cafile=place.ca_file)
    with place.tenant.logging_in(person), httpx.Client(verify=verify) as browser:
        answer = browser.get(url)
    back = answer.headers.get("Location")
    if back is None:
        raise RuntimeError(f"The tenant leads nowhere from {url}: {answer.text}")
    return client.get(back, headers=NAVIGATION)


def _url_at_tenant(place: Place, client: Client, path: str) -> str:
    """Follow an app's redirects to the tenant."""
    for _ in range(_MOST):
        answer = client.get(path, headers=NAVIGATION)
        path = answer.location or ""
        if path.startswith(place.urls):
            return path
        if not path:
            break
    told = f"{answer.status}: {answer.text}"
    raise RuntimeError(f"The app does not lead to this tenant. It says {told}")
