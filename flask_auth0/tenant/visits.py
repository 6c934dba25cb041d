"""Logins of people at an app, as their browsers do them, with its test client."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx
from werkzeug.test import Client, TestResponse

if TYPE_CHECKING:
    from .server import TenantServer

#: What tells an app that a browser goes to a page.
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
#: The most redirects within the app, on the way to the tenant.
_MOST = 5


def log_in(
    server: TenantServer, client: Client, person: str, path: str
) -> TestResponse:
    """Log somebody in, without asking them anything; return the callback's answer."""
    url = _url_at_tenant(server, client, path)
    verify = ssl.create_default_context(cafile=server.ca_file)
    with server.tenant.logging_in(person), httpx.Client(verify=verify) as browser:
        answer = browser.get(url)
    back = answer.headers.get("Location")
    if back is None:
        raise RuntimeError(f"The tenant leads nowhere from {url}: {answer.text}")
    return client.get(back, headers=NAVIGATION)


def _url_at_tenant(server: TenantServer, client: Client, path: str) -> str:
    """Follow an app's redirects to the tenant."""
    here = (f"{server.front_channel_url}/", f"{server.url}/")
    for _ in range(_MOST):
        answer = client.get(path, headers=NAVIGATION)
        path = answer.location or ""
        if path.startswith(here):
            return path
        if not path:
            break
    told = f"{answer.status}: {answer.text}"
    raise RuntimeError(f"The app does not lead to this tenant. It says {told}")
