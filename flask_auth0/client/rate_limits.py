"""Status 429: the tenant was asked too often, and says when it may be asked again."""

from __future__ import annotations

import math
import time
import typing as t

from werkzeug.http import parse_date

from ..errors import TenantUnavailable, tenant_busy
from ..runtime.clock import Clock
from .senders import is_of_the_app

#: Seconds for which an endpoint is not asked after a 429: at least, and at most.
SHORTEST, LONGEST = 1, 60
#: The most seconds that a tenant may ask a client to wait.
_LONGEST_TOLD = 86_400
#: The most endpoints that are remembered.
_MOST = 1000


class RateLimits:
    """Remembers in one process which endpoints of tenants are not to be asked yet.

    :param clock: tells when they may be asked again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: When an endpoint is asked again, and when the tenant wants it to be, by its
        #: URL. It is empty where no tenant has said so.
        self.until: dict[str, tuple[float, float]] = {}

    def require(self, url: str) -> None:
        """Raise an error while an endpoint is not to be asked.

        :raises TenantUnavailable: with the seconds that are left.
        """
        limit = self.until.get(_endpoint(url))
        if limit is None:
            return
        (until, wanted), now = limit, self._clock.monotonic()
        if now < until:
            raise rate_limited(math.ceil(wanted - now))
        self.until.pop(_endpoint(url), None)

    def note(self, response: t.Any) -> None:
        """Ask an endpoint no more for a while, if its answer says so to everybody.

        What a visitor has typed too often is no limit of others.
        """
        if response.status_code != 429 or not is_of_the_app(response.request):
            return
        now, wanted = self._clock.monotonic(), pause_after(response)
        endpoint = _endpoint(str(response.request.url))
        self.until[endpoint] = now + min(wanted, LONGEST), now + wanted
        for oldest in list(self.until)[:-_MOST]:
            self.until.pop(oldest, None)


def rate_limited(seconds: int) -> TenantUnavailable:
    """Return the error of a tenant that may be asked again in so many seconds."""
    told = "The tenant's rate limit is reached: ask it less often, or have it raised."
    return tenant_busy(seconds, told, "rate_limited")


def pause_after(response: t.Any) -> int:
    """Return the seconds for which nobody is to ask after a 429."""
    return max(SHORTEST, retry_after(response) or SHORTEST)


def retry_after(response: t.Any) -> int | None:
    """Return the seconds that a response asks to wait, if it does.

    ``Retry-After`` has them, or a date (RFC 9110, section 10.2.3). Without it, Auth0
    says in ``x-ratelimit-reset`` when a limit is over, in Unix time.
    """
    told = response.headers.get("Retry-After", "").strip()
    if _is_number(told):
        return min(int(told), _LONGEST_TOLD)
    moment = _seconds_of(told)
    reset = response.headers.get("x-ratelimit-reset", "")
    if moment is None and response.status_code == 429 and _is_number(reset):
        moment = float(reset)
    if moment is None:
        return None
    # The tenant's clock may differ from this one.
    sent = _seconds_of(response.headers.get("Date")) or time.time()
    return max(0, min(math.ceil(moment - sent), _LONGEST_TOLD))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 11


def _seconds_of(date: str | None) -> float | None:
    found = parse_date(date)
    return found.timestamp() if found else None


def _endpoint(url: str) -> str:
    return url.partition("?")[0]
