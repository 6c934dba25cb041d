"""What a response tells caches when it depends on who is logged in."""

from __future__ import annotations

from werkzeug.wrappers import Response

from .per_request import if_made
from .sessions.memo import Memo
from .store_options import Collector
from .user import Loaded


def protect(response: Response) -> Response:
    """Keep shared caches from giving one user's response to another one."""
    memo, loaded = if_made(Memo), if_made(Loaded)
    if not (memo or loaded or if_made(Collector)):
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


def _is_nobody(memo: Memo | None, loaded: Loaded | None) -> bool:
    """Tell whether nobody is logged in, as far as the request has found out."""
    if memo is not None:
        return memo.known.head is None
    return loaded is not None and not loaded.user
