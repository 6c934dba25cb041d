"""A session that is read from its back end when it is first asked for anything."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable

from flask.sessions import SecureCookieSession, SessionMixin
from flask_session.base import ServerSideSession

from ...errors import SessionStoreUnavailable
from ...runtime.tracebacks import without_secrets


class Found(t.NamedTuple):
    """What a back end has of a session."""

    #: The id that the session has from now on.
    sid: str
    content: dict[str, t.Any]
    #: Whether the back end has it under this id, or it is a new one.
    is_kept: bool


Reader = Callable[[], Found]
#: Looks at a session, and may empty it.
Watch = Callable[[SessionMixin], None]


class WatchedSession(SecureCookieSession):
    """Flask's own session, which is looked at when it is first asked for anything."""

    #: Looks at it, until it has been looked at.
    watch: Watch | None = None

    def load(self) -> None:
        """Let it be looked at, unless that has been done.

        :raises SessionStoreUnavailable: when nobody knows whether its login is over.
        """
        watch, self.watch = self.watch, None
        if watch is not None:
            watch(self)


class LazySession(ServerSideSession):  # type: ignore[misc]
    """A session of Flask-Session that costs nothing while nobody looks into it.

    A failure to read it is raised once. What answers that, such as an error page with
    the app's own layout, may look again: it sees an empty session, which is not saved.

    :param read: reads it.
    :param watch: looks at it then.
    """

    def __init__(self, read: Reader, watch: Watch | None = None) -> None:
        self._read = read
        self._watch = watch
        self._sid = ""
        #: Whether it has been read, or asked for in vain.
        self.is_loaded = True
        #: Whether it could not be read.
        self.is_lost = False
        #: Whether its login was over already, so that it was emptied.
        self.is_over = False
        #: Whether the current request has ended its login, and emptied it.
        self.is_ended = False
        #: The ids that it had before, whose content is to be removed.
        self.replaced: list[str] = []
        #: The id under which it was found. Once nothing is kept there any more,
        #: somebody has ended it, and what is in here must not bring it back.
        self.found_as: str | None = None
        super().__init__()
        self.is_loaded = False

    @property
    def sid(self) -> str:
        """The id that the browser knows."""
        self.load()
        return self._sid

    @sid.setter
    def sid(self, value: str | None) -> None:
        self._sid = value or ""

    def load(self) -> None:
        """Read it, unless that has been done.

        :raises SessionStoreUnavailable: when its back end does not answer.
        """
        if self.is_loaded:
            return
        self.is_loaded = True
        try:
            self._sid, content, is_kept = self._read()
        except SessionStoreUnavailable as error:
            self.is_lost = True
            # The frames that read it know the session's id.
            without_secrets(error)
            raise error
        self.found_as = self._sid if is_kept else None
        dict.update(self, content)
        if self._watch is not None and is_kept:
            self._look(self._watch)

    def _look(self, watch: Watch) -> None:
        try:
            watch(self)
        except SessionStoreUnavailable:
            self.is_lost = True
            dict.clear(self)
            raise

    def begin_anew(self) -> None:
        """Let it be kept whatever becomes of the session that was found."""
        self.load()
        self.found_as = None
        self.is_over = self.is_ended = False

    def rewind(self) -> None:
        """Ask again, if it could not be read."""
        if self.is_lost:
            self.is_loaded = self.is_lost = False


def _loading(kind: type[SessionMixin], name: str) -> Callable[..., t.Any]:
    method = getattr(kind, name)

    @functools.wraps(method)
    def call(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        self.load()
        return method(self, *args, **kwargs)

    return call


for _name in (
    *("__bool__", "__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__"),
    *("__iter__", "__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__"),
    *("__setitem__", "clear", "copy", "get", "items", "keys", "pop", "popitem"),
    *("setdefault", "update", "values"),
):
    setattr(LazySession, _name, _loading(ServerSideSession, _name))
    if hasattr(SecureCookieSession, _name):
        setattr(WatchedSession, _name, _loading(SecureCookieSession, _name))
