"""The sessions of visitors who have not logged in yet."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field
from threading import RLock
from typing import Any


@dataclass(frozen=True)
class AnonymousSession:
    """A visitor, known by nothing but this."""

    client_id: str
    metadata: dict[str, Any]
    expires_at: float
    sub: str = field(default_factory=lambda: f"anon@{uuid.uuid4()}")


class AnonymousSessions:
    """All of them, by token; ``tenant.anonymous``."""

    def __init__(self, lock: RLock) -> None:
        #: Whether the tenant has the feature.
        self.enabled = True
        #: For how many seconds a session lasts.
        self.lifetime = 2_592_000
        #: Who each visitor was: the ``sub`` of the login by the anonymous one.
        self.logged_in: dict[str, str] = {}
        self._lock = lock
        self._sessions: dict[str, AnonymousSession] = {}
        self._transfers: dict[str, AnonymousSession] = {}

    def start(self, client_id: str, metadata: dict[str, Any]) -> str:
        session = AnonymousSession(client_id, metadata, time.time() + self.lifetime)
        token = secrets.token_urlsafe(48)
        with self._lock:
            self._sessions[token] = session
        return token

    def get(self, token: str) -> AnonymousSession | None:
        with self._lock:
            return self._sessions.get(token)

    def transfer(self, session: AnonymousSession) -> str:
        """A ticket that a login may bring along, once."""
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            self._transfers[ticket] = session
        return ticket

    def log_in(self, ticket: str, sub: str) -> None:
        """Note who a visitor was. A ticket that is not good stops no login."""
        with self._lock:
            session = self._transfers.pop(ticket, None)
            if session and time.time() < session.expires_at:
                self.logged_in[session.sub] = sub
