"""A circuit breaker: requests do not wait for a tenant that does not answer."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from msgspec import Struct

from ..config.urls import LOOPBACK
from ..errors import TenantUnavailable
from ..runtime.clock import Clock
from . import no_tenant
from .per_domain import PerDomain
from .responses import is_unavailable

#: Seconds for which the tenant is not asked after a failure: at least, and at most.
SHORTEST, LONGEST = 1.0, 10.0
#: Names that belong to nobody, for documents and tests (RFC 2606, RFC 6761).
_FOR_EXAMPLES = r"(.+\.)?(example(\.(com|net|org))?|invalid)"


class Breaker:
    """Remembers in one process that the tenant does not answer.

    While it is open, requests are refused at once. When its time is over, one of them
    asks the tenant, and its outcome counts for all.

    :param timeout: seconds that a request may wait for the tenant.
    :param failures: the errors of a tenant that cannot be reached.
    :param clock: tells when the tenant is asked again.
    """

    def __init__(
        self, timeout: float, failures: tuple[type[Exception], ...], clock: Clock
    ) -> None:
        self.clock = clock
        self.timeout: float = timeout
        self.failures: tuple[type[Exception], ...] = failures
        self._heard_at = -math.inf
        self._reset()

    def _reset(self) -> None:
        self._count = 0
        self._open_until = 0.0
        #: Has one item while a request may try the tenant, which takes it. A list needs
        #: no lock for that, and a lock could be held for ever in a forked process.
        self._permits: list[None] = []
        self._tried_at = -math.inf

    def require_closed(self) -> None:
        """Raise an error while the tenant is not asked.

        :raises TenantUnavailable: with the seconds until it is asked again.
        """
        left = self._open_until - self.clock.monotonic()
        if self._count and left > 0:
            raise _refusal(left)

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """Count what happens inside as one request to the tenant.

        :raises TenantUnavailable: while the tenant is not asked.
        """
        self.require_closed()
        if self._count:
            self._take_permit()
        attempt = Attempt(self, self.clock.monotonic())
        try:
            yield attempt
        except self.failures:
            self.failed(attempt.began_at)
            raise
        except asyncio.CancelledError:
            if self.clock.monotonic() - attempt.began_at > self.timeout / 2:
                self.failed(attempt.began_at)
            else:
                self.undecided()
            raise

    @contextmanager
    def attempt_of_visitor(self) -> Iterator[Attempt]:
        """Count an answer to what happens inside, and not that none has come.

        A visitor could make the tenant take long for them, and stop everybody else.

        :raises TenantUnavailable: while the tenant is not asked.
        """
        self.require_closed()
        yield Attempt(self, self.clock.monotonic())

    def _take_permit(self) -> None:
        now = self.clock.monotonic()
        try:
            self._permits.pop()
        except IndexError:
            # The request that tries may have been the parent's, before a fork.
            left = self._tried_at + self.timeout - now
            if left > 0:
                raise _refusal(min(left, SHORTEST)) from None
        self._tried_at = now

    def heard(self) -> None:
        """Note that the tenant has answered."""
        self._heard_at = self.clock.monotonic()
        if self._count:
            self._reset()

    def failed(self, began_at: float) -> None:
        """Note that a request got no answer, unless another one has got one since."""
        now = self.clock.monotonic()
        if self._heard_at >= began_at:
            return
        # The pause grows with the wait: a user who has waited long does not return
        # soon.
        pause = max(SHORTEST, (now - began_at) / 2) * 2**self._count
        self._open_until = now + min(pause, LONGEST)
        self._count = min(self._count + 1, 8)
        self._permits = [None]

    def undecided(self) -> None:
        """Let another request try: this one has not waited to the end."""
        if self._count:
            self._permits = [None]


class Breakers:
    """The breakers of an app: one, or one for each host, if it has several domains.

    :param make: makes a breaker.
    """

    def __init__(self, make: Callable[[], Breaker], *, are_several: bool) -> None:
        #: The breaker of an app with one domain.
        self.only: Breaker = make()
        #: Whether no tenant on another machine is asked, as in tests without one.
        self.is_offline = False
        self._each = PerDomain(make) if are_several else None

    def of(self, host: str) -> Breaker:
        """Return the breaker of a host."""
        return self.only if self._each is None else self._each.of(host)

    def require_closed(self, host: str) -> None:
        """Raise an error while a host is not asked, as :meth:`Breaker.require_closed`
        does.
        """
        self.of(host).require_closed()

    @contextmanager
    def attempt(self, host: str) -> Iterator[Attempt]:
        """Count one request to a host, as :meth:`Breaker.attempt` does."""
        self._require_tenant(host)
        with self.of(host).attempt() as attempt:
            yield attempt

    @contextmanager
    def attempt_of_visitor(self, host: str) -> Iterator[Attempt]:
        """Count a visitor's request as :meth:`Breaker.attempt_of_visitor` does."""
        self._require_tenant(host)
        with self.of(host).attempt_of_visitor() as attempt:
            yield attempt

    def _require_tenant(self, host: str) -> None:
        """Refuse a host at which no tenant can be.

        :raises TenantUnavailable: telling what to use in tests.
        """
        name = urlsplit(f"//{host}").hostname or ""
        is_elsewhere = self.is_offline and name not in LOOPBACK
        if is_elsewhere or re.fullmatch(_FOR_EXAMPLES, name):
            raise no_tenant.refusal(host, is_offline=is_elsewhere)


class Attempt(Struct, frozen=True):
    """One request to the tenant."""

    breaker: Breaker
    began_at: float

    def answered(self, status: int, *, is_lookup: bool) -> None:
        """Note the status of an answer.

        A document that the tenant publishes fails for everybody or for nobody. Any
        other request may fail for its user alone.
        """
        if status >= 500 and is_lookup:
            self.breaker.failed(self.began_at)
        elif is_unavailable(status):
            self.breaker.undecided()
        else:
            self.breaker.heard()


def _refusal(left: float) -> TenantUnavailable:
    refusal = TenantUnavailable(remedy="It has not answered a moment ago.")
    refusal.retry_after = math.ceil(left)
    return refusal
