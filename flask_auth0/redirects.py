"""Which addresses a browser may be sent to: paths of this app, and nothing else."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from urllib.parse import quote, unquote, urlsplit

from flask import Request, request, url_for

from .config import Config
from .registry import current_state

#: A longer address is not remembered: it travels in a cookie and in a URL.
MAX_LENGTH = 2000


def is_local_path(target: str) -> bool:
    """Tell whether every browser takes a text for a path on the same origin.

    Browsers drop tabs and line breaks, trim white space and read a backslash as a
    slash (WHATWG URL, section 4.4), so none of them may be there.
    """
    if not target.startswith("/") or target.startswith("//"):
        return False
    if len(target) > MAX_LENGTH or "\\" in target:
        return False
    if any(_needs_encoding(character) for character in target):
        return False
    parts = _split(target)
    return parts is not None and parts == ("", "")


def is_page(target: str) -> bool:
    """Tell whether a text is a path on the same origin, and no route of ours."""
    return is_local_path(target) and not _is_own_route(target)


def next_or_default(target: str | None, config: Config) -> str:
    """Return where to go after a login: the target if it is safe, else the default."""
    page = _as_path(target) if target else None
    if page is not None and is_page(page):
        return page
    return below_root(request, config.post_login_redirect)


def below_root(request: Request, location: str) -> str:
    """Return a configured location: its paths begin where the app is mounted."""
    return request.script_root + location if location.startswith("/") else location


def here(request: Request) -> str:
    """Return the path of a request, as the browser knows it."""
    path = quote(request.script_root + request.path, safe="/:@!$&'()*+,;=~")
    query = request.query_string.decode("ascii", "replace")
    whole = f"{path}?{query}" if query else path
    return whole if len(whole) <= MAX_LENGTH else path


def page_of(request: Request, url: str | None) -> str | None:
    """Return the path of a page of this origin, or ``None`` for any other URL."""
    if not url or not url.startswith(request.host_url):
        return None
    return "/" + url[len(request.host_url) :].partition("#")[0]


def _as_path(target: str) -> str | None:
    """Return a path of this origin as a browser writes it, however it was given.

    What people type has spaces, joiners and other characters that no browser takes for
    anything else, but for the first two of a path: those decide where it leads.
    """
    target = page_of(request, target) or target
    try:
        rest = "".join(map(_encoded, target[2:]))
    except UnicodeEncodeError:
        return None
    path = target[:2] + rest
    return path if len(path) <= MAX_LENGTH else re.split("[?#]", path, maxsplit=1)[0]


def _encoded(character: str) -> str:
    is_control = unicodedata.category(character) == "Cc"
    wanted = _needs_encoding(character) and not is_control
    return quote(character) if wanted else character


def _needs_encoding(character: str) -> bool:
    return character.isspace() or not character.isprintable()


def _split(target: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return parts.scheme, parts.netloc


def _is_own_route(target: str) -> bool:
    """Tell whether a path would start or end a login once more."""
    # Werkzeug takes several slashes for one, and servers decode them before.
    path = "/" + posixpath.normpath(unquote(urlsplit(target).path)).lstrip("/")
    return path in {url_for(name) for name in current_state().routes}
