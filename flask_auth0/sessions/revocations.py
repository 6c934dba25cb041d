"""What was ended from outside, for sessions that no list has, and logins under way."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Mapping, Sequence

from ..per_request import per_request
from .index import Labels
from .interface import StoreInterface

_REVOKED = "flask_auth0.revoked:"
_USED = "flask_auth0.used:"


class Login(t.NamedTuple):
    """When somebody logged in."""

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
            # It was under way: its code may be from before, however new its ID token.
            return self.begun_at <= received_at
        # Not one that was on its way for longer than the user was out.
        return self.issued_at <= issued_at


class Begun:
    """When the login was begun that the current request completes."""

    def __init__(self) -> None:
        self.at: float | None = None


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
        """Note that the logins have ended that a logout token names."""
        name = _REVOKED + self._labels.of_claims(claims)
        mark = f"{int(claims['iat'])}-{time.time()}"
        self._store.ask(
            lambda: self._store.label(name, mark, self._longest, self._longest)
        )

    def cover(self, labels: Sequence[str], login: Login) -> bool:
        """Tell whether a login has been ended."""
        names = [_REVOKED + label for label in labels]
        found = self._store.ask(lambda: self._store.labelled(*names))
        marks = [each.partition("-") for each in found]
        return any(login.is_ended_by(int(at), float(heard)) for at, _, heard in marks)

    def is_used(self, jti: str) -> bool:
        """Tell whether a logout token has been used."""
        key = _USED + self._labels.of_token(jti)
        return self._store.ask(lambda: self._store.fetch(key)) is not None

    def use(self, jti: str, max_age: int) -> None:
        """Remember a logout token for as long as it is good."""
        key = _USED + self._labels.of_token(jti)
        self._store.ask(lambda: self._store.keep(key, b"1", max(1, max_age)))


def login_of(user: Mapping[str, t.Any], created_at: int) -> Login:
    """Return when the login happened that the current request completes."""
    issued_at = user.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int):
        issued_at = created_at
    now = time.time()
    return Login(issued_at, per_request(Begun).at or now, now)
