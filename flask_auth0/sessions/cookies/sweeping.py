"""Deletes session cookies that a browser has for another domain or path of a host."""

from __future__ import annotations

import itertools
import re
import typing as t

from flask.sessions import SessionMixin
from msgspec import Struct
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_host

from ...config import Config
from ...runtime.cookie_jar import CookieJar
from ...runtime.request import CurrentRequest
from .flags import are_cookies_secure
from .host_prefix import HOST_PREFIX, former_name, is_of_session
from .response_size import head_size

#: The end of the name of the note about a login that may lead nowhere.
LOGIN_NOTE = "loop"
#: The most domains and paths that are tried for one cookie.
MOST_PLACES = 16


class Variant(Struct, frozen=True):
    """The domain and path of a cookie in a browser."""

    domain: str | None
    path: str


def sweep(current: CurrentRequest, response: Response, config: Config) -> None:
    """Sweep a complete response if that is due; its size is known by then."""
    if not current.jar.is_swept and not _is_emptied(current.session):
        return
    found = _superfluous(current, response)
    if found:
        room = config.response_header_limit - head_size(response)
        _delete(current, response, found, room, are_cookies_secure(config))


def variants(host: str, path: str, current: Variant) -> list[Variant]:
    """Return the other domains and paths from which a path of a host gets cookies.

    :param current: the domain and path by today's configuration.
    """
    domains = [current.domain, None, *_domains(host)]
    places = itertools.product(
        dict.fromkeys(domains), dict.fromkeys([current.path, *_paths(path)])
    )
    found = [Variant(*each) for each in places]
    return [each for each in found if each != current][:MOST_PLACES]


def _domains(host: str) -> list[str]:
    """Return a host and its parent domains that have two labels or more."""
    labels = host.split(".")
    if len(labels) < 2 or host.startswith("[") or re.fullmatch(r"[0-9.]+", host):
        return []
    parents = range(1, len(labels) - 1)
    return [host, *(".".join(labels[start:]) for start in parents)]


def _paths(path: str) -> list[str]:
    """Return the paths that contain a path, with and without a slash at the end."""
    names = [each for each in path.split("/") if each]
    inner = ["/" + "/".join(names[:end]) for end in range(1, len(names) + 1)]
    return ["/", *inner, *(f"{each}/" for each in inner)]


def _is_emptied(session: SessionMixin) -> bool:
    """Tell whether the app has ended the session itself, with ``session.clear()``."""
    return bool(session.modified) and not session


def _superfluous(
    current: CurrentRequest, response: Response
) -> list[tuple[str, Variant]]:
    """Return the names and the places of the cookies that are to be deleted."""
    app, request, jar = current.app, current.request, current.jar
    interface, name = app.session_interface, jar.session_name
    domain = interface.get_cookie_domain(app)
    path = interface.get_cookie_path(app)
    own = Variant(domain and domain.lstrip("."), path)
    host = get_host(request.environ).rpartition(":")[0] or get_host(request.environ)
    others = variants(host, request.script_root + request.path, own)
    # A cookie with the prefix is for the host and the path ``/`` only.
    places = [] if name.startswith(HOST_PREFIX) else others
    names = _names(jar)
    found = [(each, place) for place in places for each in names]
    found = _former_places(current, others) + found
    if jar.is_denied:
        written = written_names(response)
        found = [(each, own) for each in names if each not in written] + found
    return found


def _delete(
    current: CurrentRequest,
    response: Response,
    found: list[tuple[str, Variant]],
    room: int,
    secure: bool,
) -> None:
    """Put deletions on a response, as many as it has room for."""
    app, interface = current.app, current.app.session_interface
    flags = {"samesite": interface.get_cookie_samesite(app), "secure": secure}
    flags["partitioned"] = interface.get_cookie_partitioned(app)
    lines = [_deletion(each, place, flags) for each, place in found]
    # The deletions come first, for clients that take a domain's cookie for the host's
    # own.
    lines = _that_fit(lines, room)
    lines += response.headers.getlist("Set-Cookie")
    response.headers.setlist("Set-Cookie", lines)


def _former_places(
    current: CurrentRequest, others: list[Variant]
) -> list[tuple[str, Variant]]:
    """Return the places of cookies with former names, which would count again."""
    former = former_name(current.app)
    if former is None:
        return []
    sent = current.request.cookies
    left = [name for name in sent if is_of_session(name, former)]
    return [(name, place) for place in (Variant(None, "/"), *others) for name in left]


def _that_fit(lines: list[str], room: int) -> list[str]:
    sizes = itertools.accumulate(len(f"Set-Cookie: {line}\r\n") for line in lines)
    return [line for line, size in zip(lines, sizes, strict=True) if size <= room]


def _names(jar: CookieJar) -> list[str]:
    """Return the names of the session cookies of the request, duplicated ones first."""
    sent = {name: len(values) for name, values in jar.sent.lists()}
    name, loop = jar.session_name, jar.prefix + LOGIN_NOTE
    ours = [each for each in sent if is_of_session(each, name) or each == loop]
    return sorted(ours, key=lambda each: -sent[each])


def written_names(response: Response) -> set[str]:
    """Return the names of the cookies that a response sets or deletes."""
    lines = response.headers.getlist("Set-Cookie")
    return {line.partition("=")[0] for line in lines}


def _deletion(name: str, place: Variant, flags: dict[str, t.Any]) -> str:
    return dump_cookie(
        name,
        max_age=0,
        domain=place.domain,
        path=place.path,
        httponly=True,
        sync_expires=False,
        **flags,
    )
