"""The URLs that a browser may be redirected to: pages of this app."""

from __future__ import annotations

import re
import typing as t
import unicodedata
from urllib.parse import quote, urlsplit

from ..config import Config
from ..config.urls import split_origin
from ..runtime.logger import logger_of
from ..runtime.request import this_app
from . import own_urls


def is_local_path(target: str) -> bool:
    """Tell whether every browser takes a text for a path on the same origin.

    Browsers drop tabs and line breaks, trim white space and read a backslash as a slash
    (WHATWG URL, section 4.4), so the text may have none of them.
    """
    if not target.startswith("/") or target.startswith("//"):
        return False
    if len(target) > own_urls.MAX_LENGTH or "\\" in target:
        return False
    if any(_needs_encoding(character) for character in target):
        return False
    return _split(target) == ("", "")


def is_page(target: str, config: Config) -> bool:
    """Tell whether a text is a path on the same origin, and no route of ours."""
    if not is_local_path(target):
        return False
    return not own_urls.is_own_route(urlsplit(target).path, config)


def next_or_default(target: str | None, config: Config) -> str:
    """Return where to go after a login: the target if it is safe, else the default.

    The target may be a path, or a page of this app at another of its hosts.
    """
    page = _as_page(target, config) if target else None
    return below_root(config.post_login_redirect) if page is None else page


def page_to_lead_to(target: t.Any, config: Config) -> str:
    """Return the page that a flow leads to, as the host of the callback names it.

    :param target: what was asked for, which may be anything.
    """
    wanted = target if isinstance(target, str) else None
    return for_callback(next_or_default(wanted, config), config)


def for_callback(page: str, config: Config) -> str:
    """Return a page as the host of the callback has to name it.

    An app with several hosts may have the callback on another one than the page.
    """
    if not page.startswith("/") or not own_urls.has_several_origins():
        return page
    home = own_urls.home()
    if own_urls.origin() == home:
        return page
    if own_urls.shares_cookies(home):
        return own_urls.origin() + page
    logger_of(this_app()).warning(
        "A login leads to %s, whose session %s does not know: set AUTH0_COOKIE_DOMAIN "
        "to the domain that they share.",
        home,
        own_urls.origin(),
    )
    return below_root(config.post_login_redirect)


def below_root(location: str) -> str:
    """Return a configured location: its paths begin where the app is mounted."""
    return own_urls.root() + location if location.startswith("/") else location


def page_of(url: str | None) -> str | None:
    """Return the path of a page of this origin, or ``None`` for any other URL."""
    parts = split_origin(url) if url else None
    if parts is None or not own_urls.is_origin(parts[0]):
        return None
    return _path_after_origin(parts[1])


def _path_after_origin(rest: str) -> str:
    path = rest.partition("#")[0]
    return path if path.startswith("/") else f"/{path}"


def _as_page(target: str, config: Config) -> str | None:
    """Return a page of this app as a browser writes it, however it was given."""
    parts = None if target.startswith("/") else split_origin(target)
    if parts is None:
        return _as_page_here(target, config)
    place, rest = parts
    if own_urls.is_origin(place):
        return _as_page_here(_path_after_origin(rest), config)
    path = _as_page_here(rest, config)
    is_there = path is not None and own_urls.has_page(place, path)
    return f"{place}{path}" if is_there else None


def _as_page_here(target: str, config: Config) -> str | None:
    path = _as_path(target)
    return path if path is not None and is_page(path, config) else None


def _as_path(target: str) -> str | None:
    """Return a path as a browser writes it.

    Spaces, joiners and other characters of paths that people type are encoded. The
    first two characters, which could make a path lead to another host, are not.
    """
    try:
        rest = "".join(map(_encoded, target[2:]))
    except UnicodeEncodeError:
        return None
    path = target[:2] + rest
    return (
        path
        if len(path) <= own_urls.MAX_LENGTH
        else re.split("[?#]", path, maxsplit=1)[0]
    )


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
