"""A session that is read from its back end when it is first asked for anything."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

from flask.sessions import SecureCookieSession, SessionMixin
from flask_session.base import ServerSideSession

from ..errors import SessionStoreUnavailable
from ..runtime.request import CurrentRequest
from ..runtime.tracebacks import without_secrets
from .storage_contract import KEY


class Found(t.NamedTuple):
    """A session, as its back end has it."""

    #: The id that the session has from now on.
    sid: str
    content: dict[str, t.Any]
    #: Whether the back end has it under this id, or it is a new one.
    is_kept: bool


Reader = Callable[[], Found]
#: Looks at a request's session that belongs to a login, and may empty it. The last
#: argument names the login.
Watch = Callable[[CurrentRequest, SessionMixin, t.Any], None]


class LoadedFirst(dict[str, t.Any]):
    """A session that is loaded before anything is done with it."""

    def load(self) -> None:
        """Load it, unless that has been done."""
        raise NotImplementedError

    def __contains__(self, key: object) -> bool:
        self.load()
        return super().__contains__(key)

    def __delitem__(self, key: str) -> None:
        self.load()
        super().__delitem__(key)

    def __eq__(self, other: object) -> bool:
        self.load()
        return super().__eq__(other)

    def __getitem__(self, key: str) -> t.Any:
        self.load()
        return super().__getitem__(key)

    def __ior__(self, other: t.Any) -> t.Any:
        self.load()
        return super().__ior__(other)

    def __iter__(self) -> Iterator[str]:
        self.load()
        return super().__iter__()

    def __len__(self) -> int:
        self.load()
        return super().__len__()

    def __ne__(self, other: object) -> bool:
        self.load()
        return super().__ne__(other)

    def __or__(self, other: t.Any) -> t.Any:
        self.load()
        return super().__or__(other)

    def __repr__(self) -> str:
        self.load()
        return super().__repr__()

    def __reversed__(self) -> Iterator[str]:
        self.load()
        return super().__reversed__()

    def __ror__(self, other: t.Any) -> t.Any:
        self.load()
        return super().__ror__(other)

    def __setitem__(self, key: str, value: t.Any) -> None:
        self.load()
        super().__setitem__(key, value)

    def clear(self) -> None:
        self.load()
        super().clear()

    def copy(self) -> t.Any:
        self.load()
        return super().copy()

    def get(self, key: str, default: t.Any = None) -> t.Any:
        self.load()
        return super().get(key, default)

    def items(self) -> t.Any:
        self.load()
        return super().items()

    def keys(self) -> t.Any:
        self.load()
        return super().keys()

    def pop(self, *args: t.Any) -> t.Any:
        self.load()
        return super().pop(*args)

    def popitem(self) -> tuple[str, t.Any]:
        self.load()
        return super().popitem()

    def setdefault(self, key: str, default: t.Any = None) -> t.Any:
        self.load()
        return super().setdefault(key, default)

    def update(self, *args: t.Any, **kwargs: t.Any) -> None:
        self.load()
        super().update(*args, **kwargs)

    def values(self) -> t.Any:
        self.load()
        return super().values()


class WatchedSession(LoadedFirst, SecureCookieSession):
    """Flask's own session, which is looked at when it is first asked for anything."""

    #: Looks at it, until it has been looked at.
    watch: Callable[[SessionMixin, t.Any], None] | None = None

    def load(self) -> None:
        """Let it be looked at, unless that has been done.

        :raises SessionStoreUnavailable: when it is not known whether its login is over.
        """
        watch, self.watch = self.watch, None
        found = dict.get(self, KEY)
        if watch is not None and found is not None:
            watch(self, found)


class LazySession(LoadedFirst, ServerSideSession):
    """A session of Flask-Session that costs nothing while nobody looks into it.

    A failure to read it is raised once. What answers that, such as an error page with
    the app's own layout, may look again: it sees an empty session, which is not saved.

    :param read: reads it.
    :param watch: looks at it then.
    """

    def __init__(
        self, read: Reader, watch: Callable[[SessionMixin, t.Any], None] | None = None
    ) -> None:
        self._read = read
        self._watch = watch
        self._sid = ""
        #: Whether it has been read, or asked for in vain.
        self.is_loaded: bool = True
        #: Whether it could not be read.
        self.is_lost: bool = False
        #: Whether its login was over already, so that it was emptied.
        self.is_over: bool = False
        #: Whether the current request has ended its login, and emptied it.
        self.is_ended: bool = False
        #: The ids that it had before, whose content is to be removed.
        self.replaced: list[str] = []
        #: The id under which it was found. Once nothing is kept there any more,
        #: somebody has ended it, and what is in here must not bring it back.
        self.found_as: str | None = None
        super().__init__()
        self.is_loaded = False

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
        found = content.get(KEY)
        if self._watch is not None and is_kept and found is not None:
            self._look(self._watch, found)

    def _look(self, watch: Callable[[SessionMixin, t.Any], None], found: t.Any) -> None:
        try:
            watch(self, found)
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


def overlook_outage(current: CurrentRequest) -> None:
    """Let the app hear of a failure when it asks for the session itself."""
    current.outage.is_told = False
    if isinstance(current.session, LazySession):
        current.session.rewind()
