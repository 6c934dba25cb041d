"""Authorization requests that the app pushes to the tenant itself (RFC 9126)."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from urllib.parse import quote

import httpx

from ..errors import TenantError, app_refused, in_one_line
from .responses import as_json

#: The key that turns them on.
KEY = "AUTH0_PUSHED_AUTHORIZATION_REQUESTS"
_BEGIN, _END = "?request_uri=", "&response_type="


def endpoint_of(metadata: Mapping[str, t.Any]) -> str:
    """Return the URL to push requests to.

    :raises TenantError: when the tenant has none.
    """
    found: str | None = metadata.get("pushed_authorization_request_endpoint")
    if not found:
        hint = "It publishes no pushed_authorization_request_endpoint."
        raise TenantError(remedy=f"{hint} Leave {KEY} out.")
    return found


def checked(response: httpx.Response) -> httpx.Response:
    """Return the tenant's answer to a request that it has taken.

    :raises TenantError: when it has not.
    """
    with as_json("Its answer to a pushed request is no JSON."):
        told = response.json()
        if not isinstance(told, dict):
            raise ValueError
    if response.is_success and isinstance(told.get("request_uri"), str):
        return response
    code, reason = told.get("error", "par_error"), told.get("error_description")
    why = in_one_line(f"{code}: {reason}" if reason else str(code))[:300]
    raise app_refused(
        f"It did not take what was pushed: {why}",
    )


def url_after(response: httpx.Response, endpoint: str, client_id: str) -> str:
    """Return the URL that leads on with what was pushed.

    :param response: the tenant's, which is :func:`checked`.
    :param endpoint: where the browser goes.
    """
    return _leading_on(endpoint, client_id, response.json()["request_uri"])


def without_the_rest(url: str) -> str:
    """Return the SDK's URL with the ``request_uri`` and the ``client_id`` alone.

    The tenant knows all else (RFC 9126, section 4).
    """
    endpoint, begin, rest = url.partition(_BEGIN)
    request_uri, end, more = rest.rpartition(_END)
    _, separator, client_id = more.rpartition("&client_id=")
    if not (begin and end and separator):
        return url
    return _leading_on(endpoint, client_id, request_uri)


def _leading_on(endpoint: str, client_id: str, request_uri: str) -> str:
    query = f"client_id={quote(client_id, '')}&request_uri={quote(request_uri, '')}"
    return f"{endpoint}?{query}"
