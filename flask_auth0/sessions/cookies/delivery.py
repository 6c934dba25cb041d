"""Whether a cookie can still get to the browser that has sent a request."""

from __future__ import annotations

from ...errors import Auth0Error
from ...runtime.request import CurrentRequest


def require_response(current: CurrentRequest, what: str) -> None:
    """Raise an error if no response takes cookies to the browser any more.

    :param what: what needs the cookies, for the error.
    :raises Auth0Error: saying so.
    """
    if current.jar.is_sent:
        raise Auth0Error(
            f"A streamed response cannot {what}, which needs cookies.",
            remedy="Do that before the response begins.",
        )
    if current.is_empty or not current.is_dispatched or current.is_websocket:
        raise Auth0Error(
            f"No response takes cookies from here to the browser, to {what}.",
            remedy="Do that in a view.",
        )
