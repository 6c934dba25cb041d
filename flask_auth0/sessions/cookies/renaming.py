"""Moves a session's cookies to the names that they have now."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

from ...config import Config
from ...errors import SessionStoreUnavailable
from ...runtime.contexts import this_app, this_session
from ...runtime.per_request import if_made
from ..server.interface import StoredSessionInterface
from ..server.lazy import LazySession
from .jar import CookieJar, session_cookie_flags
from .response_size import head_size
from .sweeping import written_names


def move(response: Response, config: Config, is_as_sent: Callable[[], bool]) -> None:
    """Give cookies their present names, as many as a response has room for.

    Only what says that it depends on cookies takes some: it is in no shared cache. Of
    what has changed or ended meanwhile, nothing is brought back.
    """
    jar = if_made(CookieJar)
    if jar is None or not jar.former:
        return
    written = written_names(response)
    pairs = [each for each in jar.former.items() if each[1] not in written]
    lines = [_deletion(old) for new, old in pairs if new in written]
    if _is_good(jar, response) and is_as_sent():
        left = [(new, old) for new, old in pairs if new not in written]
        room = config.response_header_limit - head_size(response)
        lines += _copies(jar, left, config, room)
    for line in lines:
        response.headers.add("Set-Cookie", line)


def _is_good(jar: CookieJar, response: Response) -> bool:
    """Tell whether a session is there that a browser is to keep."""
    if jar.is_swept or response.status_code >= 500 or "Cookie" not in response.vary:
        return False
    if any(len(jar.came(name)) > 1 for name in jar.former):
        # Which of them counts depends on what belongs together.
        return False
    return bool(this_session()) and not _has_ended()


def _has_ended() -> bool:
    """Tell whether a session on the server has ended meanwhile, or nobody knows."""
    interface, current = this_app().session_interface, this_session()
    if not isinstance(interface, StoredSessionInterface):
        return False
    if not isinstance(current, LazySession):
        return False
    try:
        return interface.has_ended(current)
    except SessionStoreUnavailable:
        return True


def _copies(
    jar: CookieJar, names: list[tuple[str, str]], config: Config, room: int
) -> list[str]:
    """Return what copies cookies, and deletes them under their former names."""
    lines: list[str] = []
    for new, old in names:
        pair = [_copy(new, jar.came(new)[0], config), _deletion(old)]
        room -= sum(len(f"Set-Cookie: {line}\r\n") for line in pair)
        if room < 0:
            break
        lines += pair
    return lines


def _copy(name: str, value: str, config: Config) -> str:
    app, current = this_app(), this_session()
    interface = app.session_interface
    if name == interface.get_cookie_name(app):
        expires = interface.get_expiration_time(app, current)
        return dump_cookie(name, value, expires=expires, **_flags())
    # What is inside ends when it should, whatever its age.
    transient = config.cookie_transient
    age = None if transient else config.session_absolute_duration
    return dump_cookie(name, value, max_age=age, **_flags())


def _deletion(name: str) -> str:
    return dump_cookie(name, max_age=0, sync_expires=False, **_flags())


def _flags() -> dict[str, t.Any]:
    app = this_app()
    flags = session_cookie_flags(app.session_interface, app)
    return {**flags, "secure": True, "httponly": True}
