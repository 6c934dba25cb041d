"""A tenant that takes its time, and takes no more than so many requests in a second."""

from __future__ import annotations

import dataclasses
import json
import math
import threading
import time
import typing as t

from flask_auth0.tenant import Tenant
from flask_auth0.tenant.records import Failure

_JSON = "application/json"
_BODY = json.dumps(
    {
        "error": "too_many_requests",
        "error_description": "Global limit has been reached",
    }
).encode()


@dataclasses.dataclass
class Bucket:
    """Tokens, which requests take away and time brings back.

    :param rate: how many come in a second.
    :param most: how many there are at most, and at first.
    """

    rate: float
    most: int

    def __post_init__(self) -> None:
        self._left, self._at = float(self.most), 0.0

    def take(self, now: float) -> int | None:
        """Take one; without any, return the seconds until there is one again."""
        self._left = min(self.most, self._left + (now - self._at) * self.rate)
        self._at = now
        if self._left < 1:
            return math.ceil((1 - self._left) / self.rate)
        self._left -= 1
        return None


class _Limited:
    """Says how each token request is answered."""

    def __init__(self, delay: float, bucket: Bucket) -> None:
        self._delay, self._bucket, self._lock = delay, bucket, threading.Lock()

    def __call__(self) -> Failure:
        with self._lock:
            wait = self._bucket.take(time.monotonic())
        if wait is None:
            return Failure(None, b"", _JSON, self._delay, 1)
        return Failure(429, _BODY, _JSON, self._delay, 1, self._headers(wait))

    def _headers(self, wait: int) -> dict[str, str]:
        """Return what Auth0 tells of a limit, and what other servers do."""
        return {
            "Retry-After": str(wait),
            "x-ratelimit-limit": str(self._bucket.most),
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(math.ceil(time.time()) + wait),
        }


def set_limit(tenant: Tenant, delay: float, rate: float, most: int) -> None:
    """Let token requests take so long, and answer too many with status 429."""
    limited: t.Any = _Limited(delay, Bucket(rate, most))
    vars(tenant)["take_failure"] = limited
    tenant.token_requests.clear()


def let_codes_last(tenant: Tenant, seconds: int) -> None:
    """Let codes be good for so long."""
    tenant.lifetimes.code = seconds


def lift_limit(tenant: Tenant) -> None:
    """Answer token requests as before."""
    vars(tenant).pop("take_failure", None)


def count_refused(tenant: Tenant) -> int:
    """Return how many token requests were answered with 429."""
    return sum(each.outcome == "too_many_requests" for each in tenant.token_requests)
