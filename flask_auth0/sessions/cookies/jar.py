"""Cookies that wait for the response of the current request."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from types import MappingProxyType

from flask import Flask
from flask.sessions import SessionInterface
from werkzeug.datastructures import MultiDict
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

from ...runtime.contexts import this_app, this_request
from ...runtime.per_request import per_request
from .host_prefix import HOST_PREFIX, can_be_the_hosts_own, renamed

#: What the name of a transaction's cookie has after Flask's session cookie.
TRANSACTION = "tx_"


class PendingCookie(t.NamedTuple):
    """A cookie to be set; without a value it is deleted."""

    value: str | None
    max_age: int | None
    crosses_sites: bool = False


class CookieJar:
    """The request's cookies, as they will be once its response has arrived."""

    def __init__(self) -> None:
        #: The cookies by their names of today, and which of them had others, by these.
        self._sent, self.former = renamed(this_request().cookies)
        self._pending: dict[str, PendingCookie] = {}
        #: Whether what is left under other domains and paths is deleted as well.
        self.is_swept = False
        #: Whether the browser has sent several sessions, so that none of them counts.
        self.is_denied = False
        #: Whether they are for the answer to a login.
        self.is_for_login = False
        #: The lines of a response that has them, and the names of those it deletes.
        self.written: dict[str, str] = {}
        self.deleted: set[str] = set()
        #: Whether it is too late for another cookie, as it is in a streamed response.
        self.is_sent = False

    def get(self, name: str) -> str | None:
        """Return the value of a cookie."""
        pending = self._pending.get(name)
        return self._sent.get(name) if pending is None else pending.value

    def values(self, name: str) -> list[str]:
        """Return all values that came under a name, or the one that will be there."""
        pending = self._pending.get(name)
        if pending is not None:
            return [] if pending.value is None else [pending.value]
        found = self._sent.getlist(name)
        return found if len(found) < 2 else list(dict.fromkeys(found))

    def came(self, name: str) -> list[str]:
        """Return all values that the browser has sent under a name."""
        return self._sent.getlist(name)

    def sent(self) -> dict[str, int]:
        """Return the names of all cookies that came, and how often each one did."""
        return {name: len(values) for name, values in self._sent.lists()}

    def sweep(self) -> None:
        """Delete session cookies that are there for other domains and paths, too."""
        self.is_swept = True

    def deny(self) -> None:
        """Let no session that the browser has sent count, and delete all of them."""
        self.is_swept = self.is_denied = True

    def names(self, prefix: str | tuple[str, ...]) -> list[str]:
        """Return the names of all cookies with a prefix, or with one of several."""
        names = dict.fromkeys([*self._sent, *self._pending])
        return [n for n in names if n.startswith(prefix) and self.get(n) is not None]

    def set(
        self,
        name: str,
        value: str,
        max_age: int | None,
        *,
        crosses_sites: bool = False,
    ) -> None:
        """Set a cookie for ``max_age`` seconds, or for the browser's session.

        :param crosses_sites: the browser must send it when it comes from the tenant,
            so it is never ``SameSite=Strict``.
        """
        if self.is_sent:
            raise RuntimeError("The response has been sent, with its cookies.")
        self._pending[name] = PendingCookie(value, max_age, crosses_sites)

    def delete(self, name: str) -> None:
        """Delete a cookie, if the browser has it."""
        if name in self._sent:
            self._pending[name] = PendingCookie(None, 0)
        else:
            self._pending.pop(name, None)

    def is_waiting(self, prefix: str = "") -> bool:
        """Tell whether cookies wait for the response, all or those with a prefix."""
        return any(name.startswith(prefix) for name in self._pending)

    def withdraw(self, prefix: str) -> None:
        """Leave cookies with a prefix as the browser has them."""
        for name in [each for each in self._pending if each.startswith(prefix)]:
            del self._pending[name]

    def size_of_others(self, *prefixes: str) -> int:
        """Return how many bytes of a request header the other cookies will need."""
        pending = ((name, c.value or "") for name, c in self._pending.items())
        cookies = {**self._sent, **dict(pending)}
        return _size_of_doubles(self._sent) + sum(
            cookie_size(name, value)
            for name, value in cookies.items()
            if not name.startswith(prefixes)
        )

    def lines(
        self, more: Mapping[str, PendingCookie] = MappingProxyType({})
    ) -> list[str]:
        """Return what a response says of the cookies, and of some more.

        They have the flags of Flask's session cookie.
        """
        return [_line(*each) for each in {**self._pending, **more}.items()]

    def write_to(self, response: Response) -> None:
        """Put the cookies on a response."""
        for name, cookie in self._pending.items():
            self.written[name] = _line(name, cookie)
            response.headers.add("Set-Cookie", self.written[name])
            if cookie.value is None:
                self.deleted.add(name)
        self._pending.clear()
        self.is_sent = True


def cookie_jar() -> CookieJar:
    """Return the jar of the current request."""
    return per_request(CookieJar)


def write_cookies(response: Response) -> None:
    """Put the cookies that wait for a response on it."""
    per_request(CookieJar).write_to(response)


def cookie_size(name: str, value: str) -> int:
    """Return how many bytes of a request header a cookie needs."""
    return len(name) + len(value) + len("=; ")


def _size_of_doubles(sent: MultiDict[str, str]) -> int:
    """Return the size of what another app has set for another path of this host."""
    sizes = [cookie_size(*each) for each in sent.items(multi=True)]
    return sum(sizes) - sum(cookie_size(*each) for each in sent.items())


def cookie_name(suffix: str) -> str:
    """Return a name for a cookie beside Flask's session cookie.

    It shares that one's prefix, so ``__Host-`` and ``__Secure-`` hold for all of them,
    and two apps on one host need only different ``SESSION_COOKIE_NAME``.
    """
    app = this_app()
    return f"{app.session_interface.get_cookie_name(app)}_a0_{suffix}"


def transaction_name(digest: str = "") -> str:
    """Return the name of a transaction's cookie, or what all of them begin with.

    Where browsers allow it, no other host of the domain can set a cookie of this name:
    a login that somebody else has begun could be completed with one.
    """
    name = cookie_name(TRANSACTION + digest)
    app = this_app()
    is_own = can_be_the_hosts_own(app.session_interface, app, name)
    return HOST_PREFIX + name if is_own else name


def is_strict() -> bool:
    """Tell whether browsers withhold session cookies from requests of other sites."""
    app = this_app()
    same_site = app.session_interface.get_cookie_samesite(app)
    return str(same_site).lower() == "strict"


def session_cookie_flags(interface: SessionInterface, app: Flask) -> dict[str, t.Any]:
    """Return the flags that Flask's configuration gives to its session cookie."""
    return {
        "domain": interface.get_cookie_domain(app),
        "path": interface.get_cookie_path(app),
        "secure": interface.get_cookie_secure(app),
        "samesite": interface.get_cookie_samesite(app),
        "httponly": interface.get_cookie_httponly(app),
        "partitioned": interface.get_cookie_partitioned(app),
    }


def _line(name: str, cookie: PendingCookie) -> str:
    """Return what a response says of a cookie, in as few bytes as possible."""
    return dump_cookie(
        name,
        cookie.value or "",
        max_age=cookie.max_age,
        # Whatever browser knows one of the other flags knows the age as well.
        sync_expires=False,
        **_flags(cookie.crosses_sites),
    )


def _flags(crosses_sites: bool) -> dict[str, t.Any]:
    app = this_app()
    flags = session_cookie_flags(app.session_interface, app)
    if crosses_sites and is_strict():
        flags["samesite"] = "Lax"
    return {**flags, "secure": bool(flags["secure"]), "httponly": True}
