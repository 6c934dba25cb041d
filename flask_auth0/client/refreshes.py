"""Remembers refreshes, for requests that still have the refresh token from before."""

from __future__ import annotations

import hashlib
import typing as t
from collections import OrderedDict
from collections.abc import Iterator

from ..runtime.clock import Clock
from ..sessions.token_sets import Refresh

#: Seconds for which a browser may still send cookies from before an exchange.
_REMEMBERED = 60
#: The most refresh tokens that are remembered; the oldest are forgotten first.
_MOST_REFRESHES = 10_000

Tokens = dict[str, t.Any]


class PastRefresh:
    """The tokens that one refresh token was exchanged for.

    :param family: the token of the login that this one comes from, as far as this
        process knows.
    """

    #: The refresh token that took its place, where the tenant rotates them.
    successor: str | None = None
    #: When the tenant has refused the exchange, and its error.
    failed_at: float = 0.0
    failure: Exception | None = None

    def __init__(self, family: str, noted_at: float) -> None:
        self.family: str = family
        self.noted_at: float = noted_at
        #: The tokens that it has brought, by audience and scope, and when.
        self.answers: dict[tuple[str, str], tuple[float, Tokens]] = {}


class PastRefreshes:
    """Remembers refreshes in this process, by the hash of the refresh token.

    A session in cookies has no other place where the requests of a browser, sent at the
    same time with the same cookies, could meet.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[str, PastRefresh] = OrderedDict()

    def family(self, refresh_token: str) -> str:
        """Return the name that a refresh token shares with all its successors."""
        digest = _digest(refresh_token)
        known = self._known.get(digest)
        return known.family if known else digest

    def newest(self, refresh_token: str) -> str:
        """Return the latest known successor of a refresh token, or the token itself."""
        self._forget_old()
        while (known := self._known.get(_digest(refresh_token))) and known.successor:
            refresh_token = known.successor
        return refresh_token

    def answer(
        self, refresh_token: str, wanted: tuple[str, str], refresh: Refresh | None
    ) -> Tokens | None:
        """Return the tokens that a refresh token, or its successors, brought, if any.

        :param wanted: their audience and scope.
        :param refresh: the refresh that asks. An answer from after its beginning always
            counts; an older one only if the refresh is not forced, and half of the
            tokens' lifetime is left.
        :raises Exception: the tenant's refusal, if that came after the beginning.
        """
        found: tuple[float, Tokens] | None = None
        for known in self._refreshes_of(refresh_token):
            if refresh and known.failed_at >= refresh.began_at and known.failure:
                # Requests share the error, and each would append its frames to it.
                raise known.failure.with_traceback(None)
            found = known.answers.get(wanted, found)
        if found is None:
            return None
        received_at, tokens = found
        left = tokens["expires_in"] - int(self._clock.monotonic() - received_at)
        is_new = refresh is not None and received_at >= refresh.began_at
        is_good = left > tokens["expires_in"] / 2
        if is_new or (is_good and not (refresh and refresh.is_forced)):
            return {**tokens, "expires_in": left}
        return None

    def note(self, refresh_token: str, wanted: tuple[str, str], tokens: Tokens) -> None:
        """Remember the tokens that a refresh token was exchanged for."""
        family, now = self.family(refresh_token), self._clock.monotonic()
        known = self._entry(refresh_token, family)
        known.noted_at = now
        # Old answers go first: a refresh token that does not rotate collects all of a
        # login.
        for each, (received_at, _) in list(known.answers.items()):
            if received_at < now - _REMEMBERED:
                del known.answers[each]
        known.answers[wanted] = (now, dict(tokens))
        successor = tokens.get("refresh_token")
        if successor and successor != refresh_token:
            known.successor = successor
            # A tenant may return an old token again: a circle of successors would be
            # followed for ever.
            self._entry(successor, family).successor = None

    def note_failure(self, refresh_token: str, error: Exception) -> None:
        """Remember that the tenant did not exchange a refresh token."""
        known = self._entry(refresh_token, self.family(refresh_token))
        known.noted_at = known.failed_at = self._clock.monotonic()
        known.failure = error

    def _refreshes_of(self, refresh_token: str) -> Iterator[PastRefresh]:
        """Find the refreshes of a refresh token, and of its successors."""
        token: str | None = refresh_token
        while token is not None and (known := self._known.get(_digest(token))):
            yield known
            token = known.successor

    def _entry(self, refresh_token: str, family: str) -> PastRefresh:
        digest = _digest(refresh_token)
        entry = self._known.setdefault(
            digest, PastRefresh(family, self._clock.monotonic())
        )
        self._known.move_to_end(digest)
        while len(self._known) > _MOST_REFRESHES:
            self._known.popitem(last=False)
        return entry

    def _forget_old(self) -> None:
        earliest = self._clock.monotonic() - _REMEMBERED
        while self._known:
            digest, oldest = next(iter(self._known.items()))
            if oldest.noted_at > earliest:
                return
            del self._known[digest]


def _digest(refresh_token: str) -> str:
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).hexdigest()
