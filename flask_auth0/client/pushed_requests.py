"""Authorization requests that the app pushes to the tenant itself (RFC 9126)."""

from __future__ import annotations

from urllib.parse import quote

from auth0_server_python.error import ApiError

from ..errors import TenantError, in_one_line

#: The key that turns them on.
KEY = "AUTH0_PUSHED_AUTHORIZATION_REQUESTS"
_BEGIN, _END = "?request_uri=", "&response_type="


def without_the_rest(url: str) -> str:
    """Return the SDK's URL with the ``request_uri`` and the ``client_id`` alone.

    The tenant knows all else (RFC 9126, section 4).
    """
    endpoint, begin, rest = url.partition(_BEGIN)
    request_uri, end, more = rest.rpartition(_END)
    _, separator, client_id = more.rpartition("&client_id=")
    if not (begin and end and separator):
        return url
    query = f"client_id={quote(client_id, '')}&request_uri={quote(request_uri, '')}"
    return f"{endpoint}?{query}"


def refusal(error: ApiError) -> Exception:
    """Return what is raised instead of the SDK's error for a request that was pushed.

    An error with a cause is of a tenant that does not answer, and is returned.
    """
    if error.cause is not None:
        return error
    if error.code == "configuration_error":
        hint = (
            f"It publishes no pushed_authorization_request_endpoint. Leave {KEY} out."
        )
        return TenantError(remedy=hint)
    told = in_one_line(f"{error.code}: {error}")[:300]
    return TenantError(
        "The login service refused this app.",
        remedy=f"It did not take what the login asks for: {told}",
    )
