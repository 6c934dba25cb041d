"""What a response tells caches when it depends on who is logged in."""

from __future__ import annotations

from werkzeug.wrappers import Response

from .app_state import state_of
from .client.store_options import Collector
from .runtime.contexts import this_app, this_request
from .runtime.per_request import if_made
from .sessions.current import Memo
from .user import Loaded

_LATE = (
    "The view '%s' streams its answer, and asks in the stream who is logged in. Its "
    "headers were sent before, without 'Vary: Cookie' and 'Cache-Control: private'. "
    "Ask before the stream begins, for example with auth0.get_user()."
)


def protect(response: Response) -> Response:
    """Keep shared caches from giving one user's response to another one."""
    memo, loaded = if_made(Memo), if_made(Loaded)
    if not (memo or loaded or if_made(Collector)):
        if response.is_streamed and not response.direct_passthrough:
            _watch(response)
        return response
    headers = response.headers
    # Most responses have neither header, and parsing what is not there takes time.
    if "Vary" not in headers:
        headers.add("Vary", "Cookie")
    else:
        response.vary.add("Cookie")
    if _is_nobody(memo, loaded):
        return response
    if "Cache-Control" not in headers:
        headers.add("Cache-Control", "private")
    elif not response.cache_control.no_store:
        response.cache_control.public = False
        response.cache_control.s_maxage = None
        response.cache_control.private = True
    return response


def _watch(response: Response) -> None:
    """Log it where a response asks who is logged in when its headers have been sent."""
    app, request = this_app(), this_request()
    told = state_of(app).late_views

    def look() -> None:
        is_late = if_made(Memo, request) or if_made(Loaded, request)
        if is_late and _may_be_cached(response) and request.endpoint not in told:
            told.add(request.endpoint)
            app.logger.warning(_LATE, request.endpoint)

    response.call_on_close(look)


def _may_be_cached(response: Response) -> bool:
    control = response.cache_control
    return not (control.no_store or control.private)


def _is_nobody(memo: Memo | None, loaded: Loaded | None) -> bool:
    """Tell whether nobody is logged in, as far as the request has found out."""
    if memo is not None:
        return memo.known.head is None
    return loaded is not None and not loaded.user
