"""What was ended from outside, for sessions that no list has, and logins under way."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Mapping, Sequence

from .index import Labels
from .interface import StoreInterface

_REVOKED = "flask_auth0.revoked:"
_USED = "flask_auth0.used:"

#: When somebody logged in, by the tenant's clock in seconds and then by ours.
Moment = tuple[int, float]


class Revocations:
    """Remembers who was logged out, and which logout tokens have been used.

    :param store: where.
    :param labels: names whom a logout token is about.
    :param longest: seconds for which a login may need to know.
    """

    def __init__(self, store: StoreInterface, labels: Labels, longest: int) -> None:
        self._store = store
        self._labels = labels
        self._longest = longest

    def note(self, label: str, issued_at: int) -> None:
        """Note that all logins with a label have ended that are older than this."""
        moment = f"{issued_at}-{time.time()}"
        name = _REVOKED + label
        self._store.ask(
            lambda: self._store.label(name, moment, self._longest, self._longest)
        )

    def cover(self, labels: Sequence[str], login: Moment) -> bool:
        """Tell whether a login has been ended."""
        names = [_REVOKED + label for label in labels]
        found = self._store.ask(lambda: self._store.labelled(*names))
        return any(_parse(each) >= login for each in found)

    def is_used(self, jti: str) -> bool:
        """Tell whether a logout token has been used."""
        key = _USED + self._labels.of_token(jti)
        return self._store.ask(lambda: self._store.fetch(key)) is not None

    def use(self, jti: str, max_age: int) -> None:
        """Remember a logout token for as long as it is good."""
        key = _USED + self._labels.of_token(jti)
        self._store.ask(lambda: self._store.keep(key, b"1", max(1, max_age)))


def moment_of(user: Mapping[str, t.Any], created_at: int) -> Moment:
    """Return when a login happened.

    Logout tokens have the tenant's time, in whole seconds, as the ID token has. Within
    one second, the order in which we hear of them decides.
    """
    issued_at = user.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int):
        issued_at = created_at
    return issued_at, time.time()


def _parse(text: str) -> Moment:
    issued_at, _, received = text.partition("-")
    return int(issued_at), float(received)
