"""Headers for caches, on responses that depend on who is logged in."""

from __future__ import annotations

from werkzeug.wrappers import Response

from .runtime.logger import logger_of
from .runtime.request import CurrentRequest, current_request

_LATE = (
    "The view '%s' streams its answer, and asks in the stream who is logged in. Its "
    "headers were sent before, without 'Vary: Cookie' and 'Cache-Control: private'. "
    "Ask before the stream begins, for example with auth0.get_user()."
)


def protect(current: CurrentRequest, response: Response, told: set[str | None]) -> None:
    """Keep shared caches from giving one user's response to another one.

    :param told: the endpoints that the log has named already.
    """
    if current.has_asked_for_token:
        response.vary.add("Authorization")
    if current.token_claims is not None:
        _keep_private(response)
    if not (_has_asked(current) or current.collected):
        watch_stream(response, told)
        return
    headers = response.headers
    # Most responses have neither header, and looking for an absent one takes time.
    if not headers.getlist("Vary"):
        headers.add("Vary", "Cookie")
    else:
        response.vary.add("Cookie")
    if not _is_nobody(current):
        _keep_private(response)


def watch_stream(response: Response, told: set[str | None]) -> None:
    """Log an endpoint that asks for the user after its headers were sent.

    :param told: the endpoints that the log has named already.
    """
    if not response.is_streamed or response.direct_passthrough:
        return
    current = current_request()
    endpoint = current.request.endpoint

    def look() -> None:
        is_late = _has_asked(current) and _may_be_cached(response)
        if is_late and endpoint not in told:
            told.add(endpoint)
            logger_of(current.app).warning(_LATE, endpoint)

    response.call_on_close(look)


def _keep_private(response: Response) -> None:
    if not response.headers.getlist("Cache-Control"):
        response.headers.add("Cache-Control", "private")
    elif not response.cache_control.no_store:
        response.cache_control.public = False
        response.cache_control.s_maxage = None
        response.cache_control.private = True


def _may_be_cached(response: Response) -> bool:
    control = response.cache_control
    return not (control.no_store or control.private)


def _has_asked(current: CurrentRequest) -> bool:
    return current.has_asked_for_user or current.known is not None


def _is_nobody(current: CurrentRequest) -> bool:
    """Tell whether nobody is logged in, as far as the request has found out."""
    if current.known is not None:
        return current.known.head is None
    return current.has_asked_for_user and not current.claims
