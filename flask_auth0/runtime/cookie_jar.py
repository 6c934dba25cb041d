"""The cookies of a request, as they will be once its response has arrived."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from flask import Flask
from flask.sessions import SessionInterface
from werkzeug.datastructures import MultiDict
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

#: In the names of our cookies, between that of Flask's session cookie and the rest.
OURS = "_a0_"


class PendingCookie(t.NamedTuple):
    """A cookie to be set; without a value it is deleted."""

    value: str | None
    max_age: int | None
    crosses_sites: bool = False


class CookieJar:
    """The cookies that came, and those that wait for the response.

    :param app: whose response it is.
    :param sent: the cookies that came.
    :param session_name: the name of Flask's session cookie in this request.
    """

    def __init__(
        self, app: Flask, sent: MultiDict[str, str], session_name: str
    ) -> None:
        self.app = app
        self.session_name = session_name
        #: The beginning of our cookies' names. They share the prefix of Flask's session
        #: cookie, so ``__Host-`` and ``__Secure-`` hold for all of them, and two apps
        #: on one host need only different ``SESSION_COOKIE_NAME``.
        self.prefix: str = session_name + OURS
        #: The beginning of the names of transactions, which is found out once.
        self.transactions: str | None = None
        #: The cookies that came, by their names of today.
        self.sent: MultiDict[str, str] = sent
        #: Which of them came under another name, by the names of today.
        self.former: dict[str, str] = {}
        #: All values that came under a name, or the one that will be there.
        self.values: dict[str, list[str]] = _values(sent)
        #: The cookies that wait for the response.
        self.pending: dict[str, PendingCookie] = {}
        #: Whether what is left under other domains and paths is deleted as well.
        self.is_swept: bool = False
        #: Whether the browser has sent several sessions, so that none of them counts.
        self.is_denied: bool = False
        #: Whether the cookies are for the answer to a login.
        self.is_for_login = False
        #: The lines of a response that has them, and the names of those it deletes.
        self.written: dict[str, str] = {}
        self.deleted: set[str] = set()
        #: Whether it is too late for another cookie, as it is in a streamed response.
        self.is_sent: bool = False

    @functools.cached_property
    def is_strict(self) -> bool:
        """Whether browsers withhold session cookies from requests of other sites."""
        same_site = self.app.session_interface.get_cookie_samesite(self.app)
        return str(same_site).lower() == "strict"

    def rename(self, sent: MultiDict[str, str], former: Mapping[str, str]) -> None:
        """Know the cookies that came by other names.

        :param former: the names under which they came, by the new ones.
        """
        self.sent, self.values = sent, _values(sent)
        self.former.update(former)

    def get(self, name: str) -> str | None:
        """Return the value of a cookie."""
        return next(iter(self.values.get(name, ())), None)

    def sweep(self) -> None:
        """Delete session cookies that are there for other domains and paths, too."""
        self.is_swept = True

    def deny(self) -> None:
        """Let no session that the browser has sent count, and delete all of them."""
        self.is_swept = self.is_denied = True

    def names(self, prefix: str | tuple[str, ...]) -> list[str]:
        """Return the names of all cookies with a prefix, or with one of several."""
        return [n for n, found in self.values.items() if found and n.startswith(prefix)]

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
        self.pending[name] = PendingCookie(value, max_age, crosses_sites)
        self.values[name] = [value]

    def replace(
        self, old: Iterable[str], new: Mapping[str, str], max_age: int | None
    ) -> None:
        """Set cookies in the place of others."""
        for name in old:
            self.delete(name)
        for name, value in new.items():
            self.set(name, value, max_age)

    def delete(self, name: str) -> None:
        """Delete a cookie, if the browser has it."""
        if name in self.sent:
            self.pending[name] = PendingCookie(None, 0)
        else:
            self.pending.pop(name, None)
        self.values[name] = []

    def is_waiting(self, prefix: str) -> bool:
        """Tell whether cookies with a prefix wait for the response."""
        return any(name.startswith(prefix) for name in self.pending)

    def withdraw(self, prefix: str) -> None:
        """Leave cookies with a prefix as the browser has them."""
        for name in [each for each in self.pending if each.startswith(prefix)]:
            del self.pending[name]
            self.values[name] = _distinct(self.sent.getlist(name))

    def size_of_others(self, *prefixes: str) -> int:
        """Return how many bytes of a request header the other cookies will need."""
        pending = ((name, c.value or "") for name, c in self.pending.items())
        cookies = {**self.sent, **dict(pending)}
        return _size_of_doubles(self.sent) + sum(
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
        return [self._line(*each) for each in {**self.pending, **more}.items()]

    def write_to(self, response: Response) -> None:
        """Put the cookies on a response."""
        for name, cookie in self.pending.items():
            self.written[name] = self._line(name, cookie)
            response.headers.add("Set-Cookie", self.written[name])
            if cookie.value is None:
                self.deleted.add(name)
        self.withdraw("")
        self.is_sent = True

    def _line(self, name: str, cookie: PendingCookie) -> str:
        """Return what a response says of a cookie, in as few bytes as possible."""
        flags = session_cookie_flags(self.app.session_interface, self.app)
        if cookie.crosses_sites and self.is_strict:
            flags["samesite"] = "Lax"
        return dump_cookie(
            name,
            cookie.value or "",
            max_age=cookie.max_age,
            # A browser that knows one of the other flags knows the age as well.
            sync_expires=False,
            **{**flags, "secure": bool(flags["secure"]), "httponly": True},
        )


def cookie_size(name: str, value: str) -> int:
    """Return how many bytes of a request header a cookie needs."""
    return len(name) + len(value) + len("=; ")


def size_together(cookies: Mapping[str, str]) -> int:
    """Return how many bytes of a request header some cookies need."""
    return sum(cookie_size(*each) for each in cookies.items())


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


def _values(sent: MultiDict[str, str]) -> dict[str, list[str]]:
    return {name: _distinct(values) for name, values in sent.lists()}


def _distinct(values: list[str]) -> list[str]:
    return values if len(values) < 2 else list(dict.fromkeys(values))


def _size_of_doubles(sent: MultiDict[str, str]) -> int:
    """Return the size of what another app has set for another path of this host."""
    sizes = [cookie_size(*each) for each in sent.items(multi=True)]
    return sum(sizes) - sum(cookie_size(*each) for each in sent.items())
