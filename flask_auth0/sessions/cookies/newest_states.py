"""Sessions in cookies that several requests of a browser change or end at once."""

from __future__ import annotations

import secrets
import typing as t

from msgspec import Struct
from msgspec.structs import astuple

from ...runtime.clock import Clock
from ...runtime.cookie_jar import CookieJar
from ..codec import States
from ..revocation import Login, Marks, Revocations
from ..shapes import State, is_body, is_head
from ..stores.base import BackEnd
from .tombstones import ENDED, UNDER_WAY, Tombstones

#: Seconds for which a browser may still send cookies from before a change.
NEWEST = 60
#: The most states, and the most ended sessions, that a process remembers.
MOST_STATES, MOST_ENDED = 2048, 16_384
_HANDOVER = "flask_auth0.newest:"

#: What is known without a store.
_NO_MARKS = Marks()

V = t.TypeVar("V")


class Newest(Struct, frozen=True):
    """A state as its last change has left it."""

    head: State
    body: State


class Current(Struct, frozen=True):
    """A state to go on with."""

    head: State
    #: The body, if a newer state than the browser's takes its place.
    body: State | None = None


class Browsers:
    """Knows which sessions have ended, and the newest states of the others.

    :param states: seals and opens states.
    :param store: the back end that the app's processes share, if there is one.
    :param newest_only: whether cookies from before a change are refused for as long as
        the session lasts, if the store knows the change.
    """

    def __init__(
        self, states: States, store: BackEnd | None, newest_only: bool
    ) -> None:
        self._states = states
        self._store = store
        self._newest_only = newest_only
        self._memory = Memory(states.clock)
        self._revocations: Revocations | None = None
        if store is not None:
            longest = states.lifetime.absolute
            self._revocations = Revocations(store, states.labels, longest, states.clock)
        self._tombstones = Tombstones(states.sealer, states.clock)

    def current(
        self, jar: CookieJar, record: str, head: State, is_whole: bool
    ) -> Current | None:
        """Return the state to go on with, or ``None`` where the session has ended.

        :param head: the head that the browser has sent.
        :param is_whole: whether the body of this head has come, too.
        :raises SessionStoreUnavailable: when the store does not say whether it has
            ended.
        """
        revocations = self._revocations
        marks = self._marks(revocations, record, head) if revocations else _NO_MARKS
        if marks.is_ended or self._is_ended_here(jar, record):
            return None
        newest = self._newest(record, head, marks, is_whole)
        if newest and (not is_whole or version_of(newest.head) > version_of(head)):
            return Current(newest.head, newest.body)
        is_older = self._newest_only and marks.version > version_of(head)
        return Current(head) if is_whole and not is_older else None

    def keep(self, record: str, newest: Newest, *, is_delivered: bool) -> None:
        """Remember a change, for requests with the cookies from before.

        :param is_delivered: whether a response takes it to the browser.
        """
        seconds = NEWEST if is_delivered else UNDER_WAY
        self._memory.keep(record, newest, seconds)
        if self._store is not None:
            # Without the store, other processes do not see the change, which this one
            # has.
            store = self._store
            store.attempt(lambda: self._hand_over(store, record, newest, seconds), None)

    def end(self, jar: CookieJar, record: str) -> None:
        """End a session, so that cookies of it that still arrive do not count."""
        self._memory.end(record)
        if not self._has_noted_end(record):
            self._tombstones.add(jar, record)

    def has_ended(self, record: str, *, ask: bool = False) -> bool:
        """Tell whether a session has ended since a request found it.

        :param ask: whether the store is asked, too.
        """
        if self._memory.is_ended(record):
            return True
        revocations = self._revocations if ask else None
        if revocations is None:
            return False
        # Without an answer of the store, the session counts until the next request.
        return revocations.try_to(lambda: revocations.has_ended(record))

    def is_newest(self, record: str, head: State) -> bool:
        """Tell whether nothing has ended or changed a session, as far as is known."""
        return self.newer(record, head) is None and not self.has_ended(record)

    def newer(self, record: str, head: State) -> Newest | None:
        """Return the state by which another request has replaced one, if this process
        knows of it.
        """
        newest = self._memory.newest(record)
        is_newer = newest is not None and version_of(newest.head) > version_of(head)
        return newest if is_newer else None

    def renewed(self, head: State) -> State:
        """Return the head of the next version, whose key opens no older body."""
        version, key = version_of(head) + 1, secrets.token_urlsafe(32)
        internal = {**head["internal"], "version": version, "body_key": key}
        return {**head, "internal": internal}

    def _newest(
        self, record: str, head: State, marks: Marks, is_whole: bool
    ) -> Newest | None:
        newest = self._memory.newest(record)
        if self._store is None:
            return newest
        known = version_of(newest.head if newest else head)
        if marks.version > known or not is_whole:
            return self._handed_over(self._store, record) or newest
        return newest

    def _marks(self, revocations: Revocations, record: str, head: State) -> Marks:
        login = Login(*head["internal"]["login"])
        return revocations.marks(self._states.labels.of_head(head), record, login)

    def _has_noted_end(self, record: str) -> bool:
        """Note in the store that a session has ended; tell whether it is noted.

        A logout must not fail because the store is down.
        """
        revocations = self._revocations
        if revocations is None:
            return False
        return revocations.try_to(lambda: revocations.end(record))

    def _is_ended_here(self, jar: CookieJar, record: str) -> bool:
        if self._memory.is_ended(record):
            return True
        return jar.prefix + ENDED in jar.values and self._tombstones.name(jar, record)

    def _hand_over(
        self, store: BackEnd, record: str, newest: Newest, seconds: int
    ) -> None:
        sealed = self._states.sealer.seal(astuple(newest), _HANDOVER + record)
        store.ask(store.keep, _HANDOVER + record, sealed.encode(), seconds)
        revocations = self._revocations
        if revocations is not None:
            revocations.note_version(record, version_of(newest.head))

    def _handed_over(self, store: BackEnd, record: str) -> Newest | None:
        value = store.ask(store.fetch, _HANDOVER + record)
        text = (value or b"").decode("ascii", "replace")
        found = self._states.sealer.open(text, _HANDOVER + record)
        if not (isinstance(found, list) and len(found) == 2):
            return None
        head, body = found
        return Newest(head, body) if is_head(head) and is_body(body) else None


def version_of(head: State) -> int:
    """Return how often a state has changed since its login."""
    return t.cast(int, head["internal"].get("version", 0))


class Memory:
    """Shares new states between requests that a browser has sent at the same time.

    Each of them has the cookies from before, and their answers arrive in any order.
    """

    def __init__(self, clock: Clock) -> None:
        self._newest: _Lately[Newest] = _Lately(MOST_STATES, clock)
        self._ended: _Lately[bool] = _Lately(MOST_ENDED, clock)

    def newest(self, record: str) -> Newest | None:
        """Return a session's newest state, if it has changed lately."""
        return self._newest.get(record)

    def keep(self, record: str, newest: Newest, seconds: float = NEWEST) -> None:
        """Remember a session's newest state."""
        self._newest.keep(record, newest, seconds)

    def end(self, record: str) -> None:
        """Remember that a session has ended."""
        self._ended.keep(record, True, UNDER_WAY)
        self._newest.drop(record)

    def is_ended(self, record: str) -> bool:
        """Tell whether a session has ended here lately."""
        return self._ended.get(record) is not None


class _Lately(t.Generic[V]):
    """Values that are forgotten in time, or when there are too many, oldest first."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._values: dict[str, tuple[float, V]] = {}

    def get(self, key: str) -> V | None:
        found = self._values.get(key)
        if found is None:
            return None
        until, value = found
        return value if until > self._clock.monotonic() else None

    def keep(self, key: str, value: V, seconds: float) -> None:
        now = self._clock.monotonic()
        self.drop(key)
        self._values[key] = (now + seconds, value)
        # Other threads may change the dictionary meanwhile, so the loop needs a copy. A
        # list of its items is none: the garbage collector lets others in amid that.
        for number, (each, (until, _)) in enumerate(self._values.copy().items()):
            if until > now and number >= len(self._values) - self._most:
                return
            self.drop(each)

    def drop(self, key: str) -> None:
        self._values.pop(key, None)
