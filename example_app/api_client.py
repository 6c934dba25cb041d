"""Calls to the protected API with somebody's access token.

EXAMPLE_API_URL says where the API is. Without it the API is this app, and a call does
not leave the process: a token must not go where the Host header of a request leads.
"""

from __future__ import annotations

import json
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
from asgiref.wsgi import WsgiToAsgi
from flask import Flask, current_app, request, url_for

TIMEOUT = 5.0


@dataclass(frozen=True)
class Answer:
    """What the API said, ready to be shown."""

    path: str
    status: int | None
    body: str


def get(endpoint: str, access_token: str) -> Answer:
    """Call *endpoint* of the API."""
    transport = None if _api_url() else httpx.WSGITransport(_this_app())
    path = _path_of(endpoint)
    with httpx.Client(transport=transport, base_url=_base_url()) as http:
        try:
            response = http.get(path, headers=_bearer(access_token), timeout=TIMEOUT)
        except httpx.HTTPError as error:
            return _unreachable(path, error)
    return _answered(path, response)


def async_http() -> httpx.AsyncClient:
    """Return what :func:`get_async` asks with, a context manager."""
    app = WsgiToAsgi(_this_app())
    transport = None if _api_url() else httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url=_base_url())


async def get_async(
    http: httpx.AsyncClient, endpoint: str, access_token: str
) -> Answer:
    """Call *endpoint* of the API without blocking the event loop."""
    path = _path_of(endpoint)
    try:
        response = await http.get(path, headers=_bearer(access_token), timeout=TIMEOUT)
    except httpx.HTTPError as error:
        return _unreachable(path, error)
    return _answered(path, response)


def _api_url() -> str | None:
    return current_app.config.get("API_URL")


def _base_url() -> str:
    """Return where the API is; within this process, by a host that the app trusts."""
    trusted = current_app.config["TRUSTED_HOSTS"] or ["localhost"]
    return _api_url() or f"http://{trusted[0].lstrip('.')}"


def _path_of(endpoint: str) -> str:
    # Within this process, there is no server that takes the place away where it is
    # mounted.
    path = url_for(endpoint)
    return path if _api_url() else path.removeprefix(request.root_path)


def _this_app() -> Any:
    """Return this app for requests of their own, apart from the current one."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return lambda *args: Context().run(partial(app, *args))


def _bearer(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}


def _answered(path: str, response: httpx.Response) -> Answer:
    try:
        body = json.dumps(response.json(), indent=2, ensure_ascii=False)
    except ValueError:
        body = response.text
    return Answer(path, response.status_code, body)


def _unreachable(path: str, error: httpx.HTTPError) -> Answer:
    return Answer(path, None, f"The API did not answer ({type(error).__name__}).")
