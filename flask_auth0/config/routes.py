"""The routes of the extension: keys, blueprint and own endpoints follow from these."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace


class Route(Struct, frozen=True):
    """A route of the extension."""

    #: Its endpoint on the blueprint; its path is the key ``AUTH0_…_PATH``.
    name: str
    #: Its path where the app configures no other one; empty where it is off then.
    path: str
    methods: tuple[str, ...]
    #: Whether browsers ask for it as a page. A prefetch or a HEAD request of one is
    #: answered without its view, which would begin or end something for nobody.
    is_visited: bool = True
    #: Whether guards ask for a user there. A guard of all requests has to let those
    #: pass that lead to a login.
    is_guarded: bool = True
    #: The name that its key has in common with other routes; its own if empty.
    group: str = ""
    #: What comes after the path of its group.
    below: str = ""
    #: The name of its blueprint.
    blueprint: str = "auth0"

    @property
    def endpoint(self) -> str:
        """The name of the route for :func:`flask.url_for`."""
        return f"{self.blueprint}.{self.name}"

    @property
    def key(self) -> str:
        """The name of the key that has its path."""
        return f"{self.group or self.name}_path"


def _of_group(group: str, name: str, *, is_guarded: bool) -> Route:
    """Return a route for scripts, below the path of its group."""
    return Route(
        f"{group}_{name}",
        "",
        ("POST",),
        is_visited=False,
        is_guarded=is_guarded,
        group=group,
        below=f"/{name}",
    )


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
        Route(
            "stylesheet",
            "/auth0.css",
            ("GET",),
            is_visited=False,
            is_guarded=False,
            blueprint="auth0_pages",
        ),
        Route("profile", "", ("GET",), is_visited=False),
        Route("access_token", "", ("GET",), is_visited=False),
        _of_group("passwordless", "start", is_guarded=False),
        _of_group("passwordless", "verify", is_guarded=False),
        _of_group("mfa", "authenticators", is_guarded=False),
        _of_group("mfa", "associate", is_guarded=False),
        _of_group("mfa", "challenge", is_guarded=False),
        _of_group("mfa", "verify", is_guarded=False),
        Route("connect", "", ("POST",), is_visited=False),
        replace(_of_group("connect", "accounts", is_guarded=True), methods=("GET",)),
        _of_group("connect", "forget", is_guarded=True),
    )
}
#: The endpoints of those that need no user.
UNGUARDED = {each.endpoint for each in ROUTES.values() if not each.is_guarded}
