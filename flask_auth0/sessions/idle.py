"""Flask's ``PERMANENT_SESSION_LIFETIME``, where it ends the sessions of idle users.

Flask renews its session with each request, so that this is how long a user may be idle.
Here it is not written with each request: what is noted of a user's activity counts, and
``flask.session`` lasts as long as the login that it belongs to.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

from flask import Flask
from flask.sessions import SessionMixin

from .storage_contract import KEY


class LastsAsLogins:
    """A session interface whose sessions last as long as their logins."""

    #: How long a session lasts that belongs to a login, if Flask's lifetime is shorter.
    login_lifetime = timedelta(0)

    def lifetime_of(self, app: Flask, session: t.Container[str]) -> timedelta:
        """Return how long a session is kept after it was written."""
        lifetime = app.permanent_session_lifetime
        return max(lifetime, self.login_lifetime) if KEY in session else lifetime

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """Return when browsers forget the session."""
        if not session.permanent:
            return None
        return datetime.now(timezone.utc) + self.lifetime_of(app, session)
