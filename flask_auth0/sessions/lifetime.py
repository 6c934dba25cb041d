"""The arithmetic of how long a session lasts, in seconds since the epoch."""

from __future__ import annotations

import math
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

#: Seconds that the clocks of tenant and app may differ, for the times of its tokens.
CLOCK_LEEWAY = 60
#: A session ends this much before the identity provider's own limit, so that clocks
#: that differ do not keep it alive longer (the SDK does the same).
CEILING_LEEWAY = 30
#: A session is written again after this part of the inactivity window, not sooner.
ROLLING_STEP = 60


class Moments(t.NamedTuple):
    """What a session says of its own time."""

    #: When its user logged in.
    created: float
    #: When its user was active.
    seen: float
    #: When the identity provider ends it.
    ceiling: float | None = None
    #: Seconds that it could last at its login. Its labels, and what ended it, are
    #: forgotten after that.
    longest: float = math.inf


def no_limit() -> float:
    """Return for how long a user may be idle if nothing says so."""
    return math.inf


@dataclass(frozen=True)
class Lifetime:
    """How long sessions last by today's configuration."""

    absolute: int
    inactivity: int
    rolling: bool
    #: Returns another limit of the app for users who are not active.
    limit: Callable[[], float] = no_limit

    @property
    def idle(self) -> float:
        """Seconds without a request to the end of a rolling session."""
        return min(self.inactivity, self.limit())

    def ends_at(self, session: Moments) -> float:
        """Return when a session ends, however active its user is."""
        end = session.created + min(self.absolute, session.longest)
        ceiling = session.ceiling
        return end if ceiling is None else min(end, ceiling - CEILING_LEEWAY)

    def expires_at(self, session: Moments) -> float:
        """Return when a session ends unless its user comes back."""
        end = self.ends_at(session)
        return min(end, session.seen + self.idle) if self.rolling else end

    def is_due(self, seen: float, now: float) -> bool:
        """Tell whether activity has to be written down again."""
        return self.rolling and now - seen >= max(1, self.idle // ROLLING_STEP)
