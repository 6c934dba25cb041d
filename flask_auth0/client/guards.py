"""What a request to a tenant has to pass, and what its answer says of later ones."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from msgspec import Struct

from ..runtime.telemetry import span
from .breaker import Attempt, Breakers
from .places import Places
from .rate_limits import RateLimits
from .responses import note_answer

#: The attribute of a span that has the status of the answer.
_STATUS = "http.response.status_code"


class Answered(t.Protocol):
    """Notes the answer to a request."""

    def __call__(self, response: t.Any, *, is_lookup: bool) -> None:
        """Note an answer of httpx, read to its end.

        :param is_lookup: whether it is a document that the tenant publishes.
        """


#: Counts a request to a host.
AttemptAt = Callable[[str], AbstractContextManager[Attempt]]


class Guards(Struct, frozen=True):
    """The guards of an app, which all event loops and threads share."""

    breakers: Breakers
    limits: RateLimits
    #: The places for requests that wait; a document is fetched without one.
    places: Places

    @contextmanager
    def request(
        self, attempt_at: AttemptAt, host: str, method: str, url: t.Any
    ) -> Iterator[Answered]:
        """Count what happens inside as one request, in a span.

        :param attempt_at: of the breakers: whose request it is.
        :param url: of httpx. Its query may have secrets, and its path has none.
        :raises TenantUnavailable: while the host, or this URL, is not asked.
        """
        if self.limits.until:
            self.limits.require(str(url))
        where = {"server.address": url.host, "url.path": url.path}
        opened = span("tenant", **{"http.request.method": method, **where})
        with attempt_at(host) as attempt, opened as noted:

            def answered(response: t.Any, *, is_lookup: bool) -> None:
                attempt.answered(response.status_code, is_lookup=is_lookup)
                noted[_STATUS] = response.status_code
                if response.is_error:
                    self.limits.note(response)
                    note_answer(response)

            yield answered
