"""Calls to the protected API with somebody's access token."""

from __future__ import annotations

import json
from dataclasses import dataclass

import httpx
from flask import current_app, request, url_for

TIMEOUT = 5.0
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Answer:
    """What the API said, ready to be shown."""

    url: str
    status: int | None
    body: str


def get(endpoint: str, access_token: str) -> Answer:
    """Call *endpoint* of the API."""
    url = _url_of(endpoint)
    if url is None:
        return _unknown_address()
    try:
        response = httpx.get(url, headers=_bearer(access_token), timeout=TIMEOUT)
    except httpx.HTTPError as error:
        return _unreachable(url, error)
    return _answered(url, response)


async def get_async(
    http: httpx.AsyncClient, endpoint: str, access_token: str
) -> Answer:
    """Call *endpoint* of the API without blocking the event loop."""
    url = _url_of(endpoint)
    if url is None:
        return _unknown_address()
    try:
        response = await http.get(url, headers=_bearer(access_token), timeout=TIMEOUT)
    except httpx.HTTPError as error:
        return _unreachable(url, error)
    return _answered(url, response)


def _url_of(endpoint: str) -> str | None:
    """Return where *endpoint* is served, or None when that is not known.

    The Host header is the client's word, and an access token goes to the address
    that this returns: elsewhere than on this machine it has to be configured.
    """
    base = current_app.config.get("API_URL")
    if base:
        return f"{base.rstrip('/')}{url_for(endpoint)}"
    if httpx.URL(request.host_url).host in LOOPBACK_HOSTS:
        return url_for(endpoint, _external=True)
    return None


def _bearer(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}


def _answered(url: str, response: httpx.Response) -> Answer:
    try:
        body = json.dumps(response.json(), indent=2, ensure_ascii=False)
    except ValueError:
        body = response.text
    return Answer(url, response.status_code, body)


def _unreachable(url: str, error: httpx.HTTPError) -> Answer:
    return Answer(url, None, f"The API did not answer ({type(error).__name__}).")


def _unknown_address() -> Answer:
    return Answer("", None, "Set EXAMPLE_API_URL to this app's own address.")
