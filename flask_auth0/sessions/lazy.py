"""A session that is read from its back end at its first use."""

from __future__ import annotations

import operator
import threading
import typing as t
from collections.abc import Callable

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SessionMixin
from flask_session.base import ServerSideSession
from msgspec import Struct

from ..errors import SessionStoreUnavailable
from ..runtime.error_handlers import is_on_error_page
from ..runtime.outage import Outage
from ..runtime.owner import Owner
from ..runtime.request import CurrentRequest
from ..runtime.tracebacks import without_secrets
from .storage_contract import KEY


class Found(Struct, frozen=True):
    """A session, as it was read from its back end."""

    #: The id that the session has from now on.
    sid: str
    content: dict[str, t.Any]
    #: Whether the back end has the session; a new one is not kept yet.
    is_kept: bool
    #: Checks the session's login.
    watch: Callable[[SessionMixin, t.Any], None] | None = None
    #: The outage of the back end, and the session cookie's name, as its request knows
    #: them.
    outage: Outage | None = None
    cookie_name: str | None = None


Reader = Callable[[], Found]
#: Checks a request's session that belongs to a login, and empties it if that is over.
#: The last argument is the id of the login's state.
Watch = Callable[[CurrentRequest, SessionMixin, t.Any], None]
#: Opens a session of Flask's own, and checks it.
Opener = Callable[[Flask, Request, t.Any], None]


class LoadedFirst(dict[str, t.Any]):
    """A session that each of its methods loads first.

    The threads of a request share it. One of them loads it, and the others wait: before
    its content is there, it would look as if nobody was logged in.
    """

    #: Refers to the request that it belongs to, which has the session in turn.
    owner: Owner | None = None
    #: Whether the session has been loaded, even in vain.
    is_loaded: bool = False
    #: Whether the session could not be loaded.
    is_lost: bool = False
    #: The class of a session that has been loaded, whose methods need not look.
    when_loaded: type[LoadedFirst]
    _is_begun = False

    def load(self) -> None:
        """Load the session, unless that has been done.

        :raises SessionStoreUnavailable: when a back end does not answer.
        """
        if self.is_loaded:
            return
        # The check of a login, a part of loading, uses the session itself. Most of the
        # sessions are never loaded, and need no lock.
        with vars(self).setdefault("_loading", threading.RLock()):
            if self.is_lost:
                # Another thread has been told, while this one waited.
                raise SessionStoreUnavailable()
            if not self._is_begun:
                self._is_begun = True
                try:
                    self._load()
                finally:
                    self.is_loaded = True
                    self.__class__ = self.when_loaded

    def _load(self) -> None:
        raise NotImplementedError

    def __getstate__(self) -> dict[str, t.Any]:
        # A lock cannot be copied, and what is loaded needs none. A copy is saved for
        # no request, and read for none.
        self.load()
        left_out = ("_loading", "_read", "owner")
        return {k: v for k, v in vars(self).items() if k not in left_out}


def _loading_first(name: str) -> Callable[..., t.Any]:
    def method(self: LoadedFirst, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if not self.is_loaded:
            self.load()
        return getattr(super(LoadedFirst, self), name)(*args, **kwargs)

    method.__name__ = name
    return method


#: The methods of a dictionary that look at its content, or change it.
_METHODS = (
    *("__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__"),
    *("__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__"),
    *("__setitem__", "clear", "copy", "get", "items", "keys", "pop", "popitem"),
    *("setdefault", "update", "values"),
)
for _name in _METHODS:
    setattr(LoadedFirst, _name, _loading_first(_name))


def _when_loaded(kind: type[LoadedFirst], theirs: type, **more: t.Any) -> t.Any:
    """Return a class of sessions with the methods of Flask's or Flask-Session's."""
    plain = {name: getattr(theirs, name) for name in _METHODS}
    return type(kind.__name__, (kind,), {**plain, **more})


class WatchedSession(LoadedFirst, SecureCookieSession):
    """Flask's own session, which is opened at its first use, and its login checked."""

    owner: Owner | None
    #: What opens the session and checks it, and for which request, until that is done.
    unread: tuple[Opener, Flask, Request] | None = None

    if not t.TYPE_CHECKING:
        # Flask makes a function for each session, and most are never used.
        __init__ = dict.__init__

    @staticmethod
    def on_update(changed: WatchedSession) -> None:
        """Note that the session has changed."""
        changed.modified = True

    def _load(self) -> None:
        # A copy of the session has no need for the request that this knows.
        unread, self.unread = self.unread, None
        if unread is not None:
            fill, app, request = unread
            self.owner = Owner(request)
            fill(app, request, self)


WatchedSession.when_loaded = _when_loaded(WatchedSession, SecureCookieSession)


class LazySession(LoadedFirst, ServerSideSession):
    """A session of Flask-Session that is not read before its first use.

    A failure to read it is raised once, and not on the page of another error. The error
    page, with the app's own layout, may use it again: by then it is an empty session,
    which is not saved.

    :param read: reads the session.
    """

    is_loaded: bool
    is_lost: bool
    modified: bool
    #: What its request knows, once it is read: of the back end's outage, and the name
    #: of the session's cookie.
    outage: Outage | None = None
    cookie_name: str | None = None
    #: Whether the session was emptied because its login was over.
    is_over: bool = False
    #: Whether the current request has ended the login, and emptied the session.
    is_ended: bool = False
    #: The former ids of the session, whose content is to be removed.
    replaced: tuple[str, ...] = ()
    #: The id under which the session was found. If the back end has nothing under it
    #: any more, another request has ended the session, and saving must not revive it.
    found_as: str | None = None
    _sid = ""

    def __init__(self, read: Reader) -> None:
        self._read = read
        super().__init__()

    def __bool__(self) -> bool:
        self.load()
        return bool(super().__bool__())

    @property
    def sid(self) -> str:
        """The id that the browser knows."""
        self.load()
        return self._sid

    @sid.setter
    def sid(self, value: str | None) -> None:
        self._sid = value or ""

    def _load(self) -> None:
        try:
            found = self._read()
        except SessionStoreUnavailable as error:
            self.is_lost = True
            # The frames of the reading functions have the session's id in their
            # variables.
            without_secrets(error)
            if is_on_error_page(error):
                return
            raise error
        self._sid = found.sid
        self.outage, self.cookie_name = found.outage, found.cookie_name
        self.found_as = found.sid if found.is_kept else None
        dict.update(self, found.content)
        login = found.content.get(KEY)
        if found.watch is not None and login is not None:
            self._look(found.watch, login)
        if not self.is_lost:
            # It has the request, which has the session.
            del self._read

    def _look(self, watch: Callable[[SessionMixin, t.Any], None], found: t.Any) -> None:
        try:
            watch(self, found)
        except SessionStoreUnavailable as error:
            self.is_lost = True
            dict.clear(self)
            if not is_on_error_page(error):
                raise

    def rename(self, sid: str) -> None:
        """Give the session another id; the content under the old one is removed once
        this one is kept.
        """
        if self.found_as is not None:
            self.replaced = (*self.replaced, self.sid)
        self.sid, self.modified = sid, True

    def begin_anew(self, sid: str) -> None:
        """Rename the session, and let it be saved even if the one that was found has
        ended.
        """
        self.load()
        self.rename(sid)
        self.found_as = None
        self.is_over = self.is_ended = False

    def rewind(self) -> None:
        """Read the session once more, if that has failed."""
        if self.is_lost:
            self.is_loaded = self.is_lost = self._is_begun = False
            self.__class__ = LazySession


LazySession.when_loaded = _when_loaded(
    LazySession,
    ServerSideSession,
    __bool__=ServerSideSession.__bool__,
    sid=property(operator.attrgetter("_sid"), vars(LazySession)["sid"].fset),
)


def overlook_outage(current: CurrentRequest) -> None:
    """Let the app be told of an outage that only the extension has met."""
    current.outage.is_told = False
    if isinstance(current.session, LazySession):
        current.session.rewind()
