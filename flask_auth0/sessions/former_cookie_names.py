"""Moves a session's cookies from their former names to the present ones."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from flask import Flask
from flask.sessions import SessionMixin
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

from ..config import Config
from ..errors import SessionStoreUnavailable
from ..runtime.cookie_jar import CookieJar, session_cookie_flags
from ..runtime.request import CurrentRequest
from .cookies.response_size import head_size
from .cookies.sweeping import written_names
from .lazy import LazySession
from .server.interface import StoredSessionInterface


def move(
    current: CurrentRequest,
    response: Response,
    config: Config,
    is_as_sent: Callable[[CurrentRequest], bool],
) -> None:
    """Give cookies their present names, as many as a response has room for.

    Only a response that varies by ``Cookie`` takes some, as no shared cache keeps it
    for others. A session that has changed or ended meanwhile is not brought back.

    :param is_as_sent: tells whether the session is still as the browser has sent it.
    """
    jar = current.jar
    written = written_names(response)
    pairs = [each for each in jar.former.items() if each[1] not in written]
    lines = [_deletion(jar, old) for new, old in pairs if new in written]
    if _is_good(current, response) and is_as_sent(current):
        left = [(new, old) for new, old in pairs if new not in written]
        room = config.response_header_limit - head_size(response)
        lines += _copies(current, left, config, room)
    for line in lines:
        response.headers.add("Set-Cookie", line)


def _is_good(current: CurrentRequest, response: Response) -> bool:
    """Tell whether a response may move cookies, of a session that goes on."""
    jar = current.jar
    if jar.is_swept or response.status_code >= 500 or "Cookie" not in response.vary:
        return False
    if any(len(jar.sent.getlist(name)) > 1 for name in jar.former):
        # A cookie sent twice is not copied: which one is right shows only when head
        # and body are opened together.
        return False
    return bool(current.session) and not _has_ended(current.app, current.session)


def _has_ended(app: Flask, session: SessionMixin) -> bool:
    """Tell whether a session on the server has ended, or the back end does not say."""
    interface = app.session_interface
    if not isinstance(interface, StoredSessionInterface):
        return False
    try:
        return isinstance(session, LazySession) and interface.has_ended(session)
    except SessionStoreUnavailable:
        return True


def _copies(
    current: CurrentRequest, names: list[tuple[str, str]], config: Config, room: int
) -> list[str]:
    """Return ``Set-Cookie`` lines that copy cookies, and delete the former ones."""
    lines: list[str] = []
    for new, old in names:
        pair = [_copy(current, new, config), _deletion(current.jar, old)]
        room -= sum(len(f"Set-Cookie: {line}\r\n") for line in pair)
        if room < 0:
            break
        lines += pair
    return lines


def _copy(current: CurrentRequest, name: str, config: Config) -> str:
    jar = current.jar
    value, flags = jar.sent.getlist(name)[0], _flags(jar)
    if name == jar.session_name:
        interface = jar.app.session_interface
        expires = interface.get_expiration_time(jar.app, current.session)
        return dump_cookie(name, value, expires=expires, **flags)
    # The state in the cookie has an end of its own, so that its age may be the longest.
    transient = config.cookie_transient
    age = None if transient else config.session_absolute_duration
    return dump_cookie(name, value, max_age=age, **flags)


def _deletion(jar: CookieJar, name: str) -> str:
    return dump_cookie(name, max_age=0, sync_expires=False, **_flags(jar))


def _flags(jar: CookieJar) -> dict[str, t.Any]:
    flags = session_cookie_flags(jar.app.session_interface, jar.app)
    return {**flags, "secure": True, "httponly": True}
