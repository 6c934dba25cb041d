"""What a response tells caches when it depends on who is logged in."""

from __future__ import annotations

from flask.sessions import SecureCookieSessionInterface, SessionInterface
from werkzeug.wrappers import Response

from .contexts import this_app, this_session
from .per_request import if_made
from .sessions.interface import StoreInterface
from .sessions.memo import Memo
from .store_options import Collector
from .user import Loaded


def protect(response: Response) -> Response:
    """Keep shared caches from giving one user's response to another one."""
    memo, loaded = if_made(Memo), if_made(Loaded)
    if not (memo or loaded or if_made(Collector)):
        return response
    if not _is_vary_left_to(this_app().session_interface):
        response.vary.add("Cookie")
    if _is_nobody(memo, loaded):
        return response
    # Most responses have no such header, and parsing what is not there takes time.
    if "Cache-Control" not in response.headers:
        response.headers.add("Cache-Control", "private")
    elif not response.cache_control.no_store:
        response.cache_control.public = False
        response.cache_control.s_maxage = None
        response.cache_control.private = True
    return response


def _is_vary_left_to(interface: SessionInterface) -> bool:
    """Tell whether the response will vary by what is about to save the session."""
    saves = type(interface).save_session
    adds_it = saves is SecureCookieSessionInterface.save_session
    adds_it = adds_it or isinstance(interface, StoreInterface)
    return adds_it and this_session().accessed


def _is_nobody(memo: Memo | None, loaded: Loaded | None) -> bool:
    """Tell whether nobody is logged in, as far as the request has found out."""
    if memo is not None:
        return memo.known.head is None
    return loaded is not None and not loaded.user
