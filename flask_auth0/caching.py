"""What a response tells caches when it depends on who is logged in."""

from __future__ import annotations

from werkzeug.wrappers import Response

from .per_request import if_made
from .sessions.state import Memo
from .store_options import Collector
from .user import Loaded


def protect(response: Response) -> Response:
    """Keep shared caches from giving one user's response to another one."""
    if not any(map(if_made, (Memo, Loaded, Collector))):
        return response
    headers = response.headers
    # Most responses have neither header, and parsing what is not there takes time.
    if "Vary" not in headers:
        headers["Vary"] = "Cookie"
    else:
        response.vary.add("Cookie")
    if _is_nobody():
        return response
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "private"
    elif not response.cache_control.no_store:
        response.cache_control.public = False
        response.cache_control.s_maxage = None
        response.cache_control.private = True
    return response


def _is_nobody() -> bool:
    """Tell whether nobody is logged in, as far as the request has found out."""
    memo, loaded = if_made(Memo), if_made(Loaded)
    if memo is not None:
        return memo.known.head is None
    return loaded is not None and not loaded.user
