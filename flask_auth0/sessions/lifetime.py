"""How long a session lasts: its state, in seconds since the epoch, and Flask's own.

Flask renews its session with each request, so that ``PERMANENT_SESSION_LIFETIME`` is
the time that a user may be idle. Here, ``flask.session`` is not written with each
request. It lasts as long as the login that it belongs to, which the activity noted in
its state prolongs.
"""

from __future__ import annotations

import math
import typing as t
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from flask import Flask
from flask.sessions import SessionMixin
from msgspec import Struct

from .storage_contract import KEY

#: Seconds by which the clocks of tenant and app may differ, for the times in tokens.
CLOCK_LEEWAY = 60
#: Seconds by which a session ends before the identity provider's limit, in case the
#: clocks differ. The SDK has the same leeway.
CEILING_LEEWAY = 30
#: The number of steps of the inactivity window, after one of which activity is noted
#: again.
ROLLING_STEP = 60


class Moments(Struct, frozen=True):
    """The moments by which a session's end is reckoned."""

    #: When its user logged in.
    created: float
    #: When its user was last active.
    seen: float
    #: When the identity provider ends the session, if it says so.
    ceiling: float | None = None
    #: Seconds that the session could last by the configuration at its login. Its
    #: labels, and the note of its end, are kept as long.
    longest: float = math.inf


def no_limit() -> float:
    """Return infinity: without a limit, a user may be idle for ever."""
    return math.inf


class Lifetime(Struct, frozen=True):
    """How long sessions last by today's configuration."""

    absolute: int
    inactivity: int
    rolling: bool
    #: Returns the app's own limit for idle users, by Flask's keys.
    limit: Callable[[], float] = no_limit

    @property
    def idle(self) -> float:
        """Seconds without a request to the end of a rolling session."""
        return min(self.inactivity, self.limit())

    def ends_at(self, session: Moments) -> float:
        """Return when a session ends, even if its user stays active."""
        end = session.created + min(self.absolute, session.longest)
        ceiling = session.ceiling
        return end if ceiling is None else min(end, ceiling - CEILING_LEEWAY)

    def expires_at(self, session: Moments) -> float:
        """Return when a session ends if its user stays away."""
        end = self.ends_at(session)
        return min(end, session.seen + self.idle) if self.rolling else end

    def is_due(self, seen: float, now: float) -> bool:
        """Tell whether activity is to be noted again."""
        return self.rolling and now - seen >= max(1, self.idle // ROLLING_STEP)


def flasks_limit(app: Flask) -> Callable[[], float]:
    """Return a function for the seconds that a user may be idle, by Flask's key.

    The app may set the key later, so the function reads it with each call.
    """
    return lambda: _flasks_lifetime(app).total_seconds()


class LastsAsLogins:
    """A session interface whose sessions last as long as their logins."""

    #: The lifetime of a session that belongs to a login, if Flask's is shorter.
    login_lifetime: timedelta = timedelta(0)

    def lifetime_of(self, app: Flask, session: t.Container[str]) -> timedelta:
        """Return the time for which a session is kept after its last write."""
        lifetime = _flasks_lifetime(app)
        return max(lifetime, self.login_lifetime) if KEY in session else lifetime

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """Return when browsers forget the session."""
        if not session.permanent:
            return None
        return datetime.now(timezone.utc) + self.lifetime_of(app, session)


def _flasks_lifetime(app: Flask) -> timedelta:
    # Flask's attribute makes a timedelta of this one as well, with each look.
    found = app.config["PERMANENT_SESSION_LIFETIME"]
    is_one = isinstance(found, timedelta)
    return found if is_one else app.permanent_session_lifetime
