"""The routes of the extension: keys, blueprint and own endpoints follow from these."""

from __future__ import annotations

import typing as t


class Route(t.NamedTuple):
    """A route of the extension."""

    #: Its endpoint on the blueprint; its path is the key ``AUTH0_…_PATH``.
    name: str
    #: Its path where the app configures no other one.
    path: str
    methods: tuple[str, ...]
    #: Whether people come by, so that a browser may ask ahead of them.
    is_visited: bool = True


ROUTES = {
    each.name: each
    for each in (
        Route("login", "/login", ("GET",)),
        Route("callback", "/callback", ("GET",)),
        Route("logout", "/logout", ("GET", "POST")),
        Route("backchannel_logout", "/backchannel-logout", ("POST",), is_visited=False),
    )
}
