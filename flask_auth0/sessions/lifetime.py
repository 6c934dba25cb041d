"""How long a session lasts: its state, in seconds since the epoch, and Flask's own.

Flask renews its session with each request, so that ``PERMANENT_SESSION_LIFETIME`` is
how long a user may be idle. Here it is not written with each request: what is noted of
a user's activity counts, and ``flask.session`` lasts as long as the login that it
belongs to.
"""

from __future__ import annotations

import math
import typing as t
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from flask import Flask
from flask.sessions import SessionMixin

from .storage_contract import KEY

#: Seconds that the clocks of tenant and app may differ, for the times of its tokens.
CLOCK_LEEWAY = 60
#: A session ends this much before the identity provider's own limit, so that clocks
#: that differ do not keep it alive longer (the SDK does the same).
CEILING_LEEWAY = 30
#: A session is written again after this part of the inactivity window, not sooner.
ROLLING_STEP = 60


class Moments(t.NamedTuple):
    """The moments by which a session's end is reckoned."""

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


def flasks_limit(app: Flask) -> Callable[[], float]:
    """Return what returns for how many seconds a user may be idle, by Flask's key.

    It can still be set later.
    """
    return lambda: app.permanent_session_lifetime.total_seconds()


class LastsAsLogins:
    """A session interface whose sessions last as long as their logins."""

    #: How long a session lasts that belongs to a login, if Flask's lifetime is shorter.
    login_lifetime: timedelta = timedelta(0)

    def lifetime_of(self, app: Flask, session: t.Container[str]) -> timedelta:
        """Return how long a session is kept after it was written."""
        lifetime = app.permanent_session_lifetime
        return max(lifetime, self.login_lifetime) if KEY in session else lifetime

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """Return when browsers forget the session."""
        if not session.permanent:
            return None
        return datetime.now(timezone.utc) + self.lifetime_of(app, session)
