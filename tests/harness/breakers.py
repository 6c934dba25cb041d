"""Whether requests to the tenant are refused."""

from __future__ import annotations

from flask_auth0 import TenantUnavailable
from flask_auth0.client.breaker import Breaker


def refused(breaker: Breaker) -> int | None:
    """For how long it refuses, if it does."""
    try:
        breaker.require_closed()
    except TenantUnavailable as error:
        return error.retry_after
    return None
