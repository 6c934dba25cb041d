"""What a response tells caches when it depends on who is logged in."""

from __future__ import annotations

from werkzeug.wrappers import Response

from .per_request import if_made
from .user import Loaded


def protect(response: Response) -> Response:
    """Keep shared caches from giving one user's response to another one."""
    loaded = if_made(Loaded)
    if loaded is None:
        return response
    response.vary.add("Cookie")
    if loaded.user and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private"
    elif loaded.user and not response.cache_control.no_store:
        response.cache_control.public = False
        response.cache_control.s_maxage = None
        response.cache_control.private = True
    return response
