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
    saves = getattr(interface.save_session, "__func__", None)
    current = this_session()
    if saves is SecureCookieSessionInterface.save_session:
        return current.accessed and not interface.is_null_session(current)
    # One that nobody has read is not looked at when it is saved.
    is_saved = saves is StoreInterface.save_session
    return is_saved and current.accessed and getattr(current, "is_loaded", False)


def _is_nobody(memo: Memo | None, loaded: Loaded | None) -> bool:
    """Tell whether nobody is logged in, as far as the request has found out."""
    if memo is not None:
        return memo.known.head is None
    return loaded is not None and not loaded.user
