"""What was ended from outside, for sessions that no list has, and logins under way."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Mapping, Sequence

from .index import Labels
from .interface import StoreInterface

_REVOKED = "flask_auth0.revoked:"
_USED = "flask_auth0.used:"

#: Later than any login.
_ALWAYS = 10**11

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

    def note(self, claims: Mapping[str, t.Any]) -> None:
        """Note that the logins have ended that a logout token names.

        A user may log in again. A session at the tenant that has ended is over, and
        yet a code from before may be exchanged, for an ID token of a later date.
        """
        until = _ALWAYS if claims.get("sid") else int(claims["iat"])
        moment = f"{until}-{time.time()}"
        name = _REVOKED + self._labels.of_claims(claims)
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
