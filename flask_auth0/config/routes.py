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
    #: Whether browsers ask for it as a page. A prefetch or a HEAD request of one is
    #: answered without its view, which would begin or end something for nobody.
    is_visited: bool = True
    #: Whether guards ask for a user there. A guard of all requests has to let those
    #: pass that lead to a login.
    is_guarded: bool = True


ROUTES = {
    each.name: each
    for each in (
        Route("login", "/login", ("GET",), is_guarded=False),
        Route("callback", "/callback", ("GET",), is_guarded=False),
        Route("logout", "/logout", ("GET", "POST"), is_guarded=False),
        Route(
            "backchannel_logout",
            "/backchannel-logout",
            ("POST",),
            is_visited=False,
            is_guarded=False,
        ),
    )
}
#: The endpoints of those that need no user.
UNGUARDED = {f"auth0.{each.name}" for each in ROUTES.values() if not each.is_guarded}
