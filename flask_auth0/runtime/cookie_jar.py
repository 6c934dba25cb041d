"""The cookies of a request, and as the browser will have them after the response."""

from __future__ import annotations

import functools
import threading
import typing as t
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType

from flask import Flask, Request
from flask.sessions import SessionInterface
from msgspec import Struct
from werkzeug.datastructures import MultiDict
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

from .owner import Owner, gone
from .recent import Repeated

#: The names of cookies, with all distinct values of each.
Values = Mapping[str, tuple[str, ...]]

#: In the names of our cookies, between that of Flask's session cookie and the rest.
OURS = "_a0_"
#: The most headers with cookies of which a process remembers what they parse to: a
#: browser sends the same one again and again. Also the most characters, and the most
#: cookies, of one, since thousands of empty cookies would take much more memory.
REMEMBERED, LONGEST, MOST_COOKIES = 512, 8192, 64

_parsed: Repeated[str, Values] = Repeated(REMEMBERED)


class PendingCookie(Struct, frozen=True):
    """A cookie to be set; without a value it is deleted."""

    value: str | None
    max_age: int | None
    crosses_sites: bool = False


class CookieJar:
    """The cookies that came, and those that wait for the response.

    :param app: the app that answers the request.
    :param owner: refers to Flask's request, which has this object in turn. Its cookies
        are parsed when somebody looks at them.
    :param session_name: the name of Flask's session cookie in this request.
    :param prefix: the beginning of our cookies' names. They share the prefix of Flask's
        session cookie, so ``__Host-`` and ``__Secure-`` hold for all of them, and two
        apps on one host need only different ``SESSION_COOKIE_NAME``.
    """

    #: The prefix of the names of transactions, once it has been worked out.
    transactions: str | None = None
    #: Whether session cookies of other domains and paths are deleted as well.
    is_swept: bool = False
    #: Whether the browser has sent several sessions, none of which counts then.
    is_denied: bool = False
    #: Whether the cookies are for the answer to a login.
    is_for_login: bool = False
    #: Whether the headers are sent, so that no cookie can be set any more.
    is_sent: bool = False

    def __init__(
        self, app: Flask, owner: Owner, session_name: str, prefix: str
    ) -> None:
        self.app: Flask = app
        self.owner: Owner = owner
        self.session_name: str = session_name
        self.prefix: str = prefix
        #: The transactions that have been opened, by their names and sealed texts.
        self.opened: dict[tuple[str, str], dict[str, t.Any] | None] = {}
        #: The former names of cookies that came under one, by their present names.
        self.former: dict[str, str] = {}
        #: The cookies that wait for the response.
        self.pending: dict[str, PendingCookie] = {}
        #: The ``Set-Cookie`` lines that are on the response, by name, and the names
        #: that it deletes.
        self.written: dict[str, str] = {}
        self.deleted: set[str] = set()
        #: Held while a session is read from several cookies, or written to them:
        #: threads of the request would find some from before and some from after a
        #: change.
        self.lock: AbstractContextManager[t.Any] = threading.RLock()

    @functools.cached_property
    def sent(self) -> MultiDict[str, str]:
        """The cookies of the request, by their present names."""
        return (self.owner() or gone()).cookies

    @functools.cached_property
    def values(self) -> dict[str, tuple[str, ...]]:
        """All values of the request by name, or the one that the response will set."""
        request = self.owner()
        if type(request) is Request and "cookies" not in vars(request):
            made = dict(_parse(request))
        else:
            # A class of the app's own may have other cookies than the header.
            made = _values(self.sent)
        # Threads of one request share the dictionary, as each of them changes it.
        shared: dict[str, tuple[str, ...]] = vars(self).setdefault("values", made)
        return shared

    @functools.cached_property
    def is_strict(self) -> bool:
        """Whether browsers withhold session cookies from requests of other sites."""
        same_site = self.app.session_interface.get_cookie_samesite(self.app)
        return str(same_site).lower() == "strict"

    def rename(self, sent: MultiDict[str, str], former: Mapping[str, str]) -> None:
        """Let cookies that came under former names have their present ones.

        :param former: the former names, by the present ones.
        """
        self.sent, self.values = sent, _values(sent)
        self.former.update(former)

    def get(self, name: str) -> str | None:
        """Return the value of a cookie."""
        return next(iter(self.values.get(name, ())), None)

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

        :param crosses_sites: whether the browser has to send it with a redirect of the
            tenant, so that it is never ``SameSite=Strict``.
        """
        if self.is_sent:
            raise RuntimeError("The response has been sent, with its cookies.")
        self.pending[name] = PendingCookie(value, max_age, crosses_sites)
        self.values[name] = (value,)

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
        self.values[name] = ()

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
        """Return the ``Set-Cookie`` lines of the cookies, and of some more.

        They have the flags of Flask's session cookie.
        """
        flags = session_cookie_flags(self.app.session_interface, self.app)
        flags |= {"secure": bool(flags["secure"]), "httponly": True}
        crossing = {**flags, "samesite": "Lax"} if self.is_strict else flags
        return [
            dump_cookie(
                name,
                cookie.value or "",
                max_age=cookie.max_age,
                # Max-Age is enough: browsers that know SameSite know it, too.
                sync_expires=False,
                **(crossing if cookie.crosses_sites else flags),
            )
            for name, cookie in {**self.pending, **more}.items()
        ]

    def write_to(self, response: Response) -> None:
        """Put the cookies on a response."""
        lines = self.lines() if self.pending else []
        for (name, cookie), line in zip(self.pending.items(), lines, strict=True):
            self.written[name] = line
            response.headers.add("Set-Cookie", line)
            if cookie.value is None:
                self.deleted.add(name)
        self.withdraw("")
        self.is_sent = True


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


def _parse(request: Request) -> Values:
    """Return the cookies of a header, which browsers send again and again."""
    header = request.environ.get("HTTP_COOKIE", "")
    found = _parsed.get(header) if header else {}
    if found is not None:
        return found
    found = _split(header)
    count = len(found)
    if not found:
        found, count = _values(request.cookies), header.count(";")
    if len(header) <= LONGEST and count < MOST_COOKIES:
        _parsed.keep(header, found)
    return found


def _split(header: str) -> Values:
    """Return the cookies of a header as browsers write it (RFC 6265, section 4.2.1).

    :return: nothing for any other header, which is Werkzeug's to parse.
    """
    if '"' in header or "\t" in header or not header.isascii():
        return {}
    found = {}
    for each in header.split("; "):
        name, _, value = each.partition("=")
        if not name or name in found or " " in each or ";" in each:
            return {}
        found[name] = (value,)
    return found


def _values(sent: MultiDict[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: _distinct(values) for name, values in sent.lists()}


def _distinct(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _size_of_doubles(sent: MultiDict[str, str]) -> int:
    """Return the size of further cookies of one name, set for other paths."""
    sizes = [cookie_size(*each) for each in sent.items(multi=True)]
    return sum(sizes) - sum(cookie_size(*each) for each in sent.items())
