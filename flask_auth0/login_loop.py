"""Logins that succeed but do not last: noticed, and stopped with the reason."""

from __future__ import annotations

import time
import typing as t
from urllib.parse import urlsplit

from flask import request, session

from .contexts import this_request
from .errors import LoginLoop, SessionStoreUnavailable
from .per_request import per_request
from .registry import AppState, current_state
from .sessions.interface import overlook_outage
from .sessions.jar import cookie_jar, cookie_name
from .sessions.secure import are_cookies_secure
from .sessions.shapes import is_moment
from .sessions.state import KEY
from .user import load_user

#: Seconds in which logins that did not last are counted together.
WINDOW = 60
#: Logins in a row after which the next one is not started.
MOST = 2

_MARKER = "loop"


class FreshLogin:
    """What the login was for that the current request is the first one after."""

    max_age: int | None = None


def note_login(state: AppState, max_age: int | None) -> None:
    """Count a login, until a request shows that it has lasted."""
    content = [_count(state) + 1, time.time(), max_age, _whose()]
    name = cookie_name(_MARKER)
    sealed = state.sealer.seal(content, name)
    cookie_jar().set(name, sealed, WINDOW, crosses_sites=True)


def note_request() -> None:
    """Stop counting when this request of a browser that just logged in has a user."""
    if cookie_name(_MARKER) not in this_request().cookies:
        return
    state = current_state()
    try:
        user = load_user()
    except SessionStoreUnavailable:
        # The page itself may not need a user.
        overlook_outage()
        return
    if user:
        noted = _noted(state)
        if noted is not None and noted[3] == _whose():
            per_request(FreshLogin).max_age = noted[2]
        forget()


def forget() -> None:
    """Stop counting, for example because the user logs out."""
    cookie_jar().delete(cookie_name(_MARKER))


def check() -> None:
    """Stop a login that would not last either.

    :raises LoginLoop: when several logins in a row did not last.
    """
    state = current_state()
    if _count(state) < MOST or load_user():
        return
    forget()
    reason, remedy = _diagnosis()
    raise LoginLoop(f"{LoginLoop.description} {reason}", remedy=remedy)


def why_no_cookies(callback: str) -> str | None:
    """Return what the developer can do when no cookie comes back to the callback."""
    secure = are_cookies_secure(current_state().config)
    if urlsplit(callback).netloc != request.host:
        return (
            f"The login began at {request.host}, but the callback is {callback}, and "
            "cookies belong to one host. Use the same host for both."
        )
    if secure and not request.is_secure:
        return (
            "Cookies are Secure, but the app is visited over http. Use https; behind "
            "a proxy, set up werkzeug.middleware.proxy_fix.ProxyFix."
        )
    return "Check SESSION_COOKIE_DOMAIN, SESSION_COOKIE_PATH and SESSION_COOKIE_SECURE."


def _whose() -> list[str | None]:
    """Return what tells one session from all others, of other users above all."""
    return [load_user().sub, session.get(KEY)]


def _diagnosis() -> tuple[str, str | None]:
    """Return why a session did not last, and what the developer can do."""
    if KEY not in session:
        return (
            "Your browser does not send back the cookie with your session. Allow "
            "cookies for this site.",
            why_no_cookies(request.host_url),
        )
    return (
        "Your browser sends back the cookie that names your session, but the session "
        "itself is missing, unreadable or over: its cookies may be too large for your "
        "browser, or the clocks of the servers differ.",
        "Set SESSION_TYPE to keep sessions on the server; check that all servers have "
        "the same AUTH0_SECRET and the right time, and that the "
        "AUTH0_SESSION_*_DURATION are not too short.",
    )


def _count(state: AppState) -> int:
    noted = _noted(state)
    return int(noted[0]) if noted else 0


def _noted(state: AppState) -> t.Any:
    name = cookie_name(_MARKER)
    noted = state.sealer.open(cookie_jar().get(name) or "", name)
    return noted if _is_note(noted) and time.time() <= noted[1] + WINDOW else None


def _is_note(noted: t.Any) -> bool:
    return (
        isinstance(noted, list)
        and len(noted) == len(("count", "at", "max_age", "whose"))
        and isinstance(noted[0], int)
        and is_moment(noted[1])
        and (noted[2] is None or is_moment(noted[2]))
    )
