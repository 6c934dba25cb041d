"""What a response tells caches when it depends on who is logged in."""

from __future__ import annotations

from werkzeug.wrappers import Response

from .per_request import per_request
from .user import Loaded


def protect(response: Response) -> Response:
    """Keep shared caches from giving one user's response to another one."""
    loaded = per_request(Loaded)
    if not loaded.asked:
        return response
    response.vary.add("Cookie")
    if loaded.user and not response.cache_control.no_store:
        response.cache_control.public = False
        response.cache_control.s_maxage = None
        response.cache_control.private = True
    return response
