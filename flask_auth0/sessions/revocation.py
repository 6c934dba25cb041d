"""Logouts from outside, noted for sessions in cookies and for logins under way."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ..runtime.clock import Clock
from .labels import Labels
from .stores.base import BackEnd, Labelling

#: The beginning of the labels under which a back end has the marks of a label.
REVOKED = "flask_auth0.revoked:"
_USED = "flask_auth0.used:"
#: The marks of a session: its end, and, with a number, its newest version.
_ENDED, _VERSION = "ended", "v"


class Login(Struct, frozen=True):
    """The moments of a login."""

    #: By the tenant's clock: the date of the ID token.
    issued_at: int
    #: When the login was begun, by our clock.
    begun_at: float
    #: When its session was first kept.
    kept_at: float

    def is_ended_by(self, issued_at: int, received_at: float) -> bool:
        """Tell whether a logout token ended it.

        :param issued_at: the date of the token, by the tenant's clock.
        :param received_at: when it arrived.
        """
        if self.kept_at > received_at:
            # The login was under way then: its code may predate the logout, even if
            # its ID token does not.
            return self.begun_at <= received_at
        # A token issued before this login does not end it, even if it arrives later.
        return self.issued_at <= issued_at

    def is_ended_by_any(self, marks: Sequence[str]) -> bool:
        """Tell whether one of the logout tokens ended it that some marks are of."""
        tokens = [each.partition("-") for each in marks if "-" in each]
        return any(self.is_ended_by(int(at), float(heard)) for at, _, heard in tokens)


class Marks(Struct, frozen=True):
    """The marks of a session, and of the login that it came from."""

    #: Whether it, or the login that it came from, has ended.
    is_ended: bool = False
    #: Whether its own browser has ended it, by a logout or another login.
    is_ended_itself: bool = False
    #: Its newest version.
    version: int = 0


class Revocations:
    """Remembers who was logged out, and which logout tokens have been used.

    :param store: the back end that has the notes.
    :param labels: makes the label of the sessions that a logout token names.
    :param longest: seconds for which a note is kept.
    :param clock: tells when a logout token has arrived.
    """

    def __init__(
        self, store: BackEnd, labels: Labels, longest: int, clock: Clock
    ) -> None:
        self._store = store
        self._labels = labels
        self._clock = clock
        self._longest = longest

    def try_to(self, work: Callable[[], bool]) -> bool:
        """Do optional work of this object, and return its result.

        :return: ``False`` if the store refuses it or does not answer.
        """
        return self._store.attempt(work, False)

    def note(self, claims: Mapping[str, t.Any]) -> bool:
        """Note that the logins have ended that a logout token names."""
        mark = f"{int(claims['iat'])}-{self._clock.time()}"
        return self._mark(self._labels.of_claims(claims), mark)

    def cover(self, labels: Sequence[str], login: Login) -> bool:
        """Tell whether a logout token has ended a login."""
        names = [REVOKED + each for each in labels]
        found = self._store.ask(self._store.labelled, *names)
        return login.is_ended_by_any(found)

    def end(self, record: str) -> bool:
        """Note that a session has ended."""
        return self._mark(record, _ENDED)

    def has_ended(self, record: str) -> bool:
        """Tell whether the end of a session is noted."""
        return self.marks((), record).is_ended_itself

    def note_version(self, record: str, version: int) -> None:
        """Note the newest version of a session, in the place of the one before."""
        self._mark(record, f"{_VERSION}{version}")
        name, before = REVOKED + record, f"{_VERSION}{version - 1}"
        self._store.ask(self._store.unlabel, name, [before])

    def marks(
        self, labels: Sequence[str], record: str, login: Login | None = None
    ) -> Marks:
        """Return the marks of a session, and of the login that it came from."""
        names = [REVOKED + each for each in (*labels, record)]
        found = self._store.ask(self._store.labelled, *names)
        versions = [int(v[1:]) for v in found if re.fullmatch(f"{_VERSION}[0-9]+", v)]
        itself = _ENDED in found
        ended = itself or (login is not None and login.is_ended_by_any(found))
        return Marks(ended, itself, max(versions, default=0))

    def _mark(self, name: str, mark: str) -> bool:
        labels = [REVOKED + name]
        # A mark is found by its label, as records of sessions are by theirs.
        labelling = Labelling(mark, labels, self._longest, self._longest)
        self._store.ask(self._store.label, labelling)
        return True

    def is_used(self, claims: Mapping[str, t.Any]) -> bool:
        """Tell whether the logout token with these claims has been used."""
        key = _USED + self._labels.of_token(claims)
        return self._store.ask(self._store.fetch, key) is not None

    def use(self, claims: Mapping[str, t.Any], max_age: int) -> bool:
        """Remember a logout token for as long as it is good."""
        key = _USED + self._labels.of_token(claims)
        self._store.ask(self._store.keep, key, b"1", max(1, max_age))
        return True
