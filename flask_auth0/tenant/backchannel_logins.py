"""Logins that a client's server began, and that a person answers elsewhere (CIBA)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Literal

from .model import Client, Person

Answer = Literal["approve", "deny"]

#: More than any test needs; a tenant may run for weeks.
LIMIT = 1_000

#: By how many seconds an interval grows, each time that a client polls too early.
SLOWER = 5


@dataclass
class BackchannelLogin:
    """A login that waits for a person's answer."""

    client: Client
    person: Person
    scope: str
    audience: str | None
    binding_message: str
    authorization_details: tuple[dict[str, Any], ...]
    expires_at: float
    interval: float
    answer: Answer | None = None
    answered_at: int = 0
    polled_at: float | None = None
    #: What the page is known by; the client knows the other one.
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    auth_req_id: str = field(
        default_factory=lambda: secrets.token_urlsafe(32), repr=False
    )

    @property
    def has_expired(self) -> bool:
        return time.time() >= self.expires_at


class BackchannelLogins:
    """The logins that have not ended."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._logins: dict[str, BackchannelLogin] = {}

    def start(self, login: BackchannelLogin) -> None:
        with self._lock:
            self._logins[login.auth_req_id] = login
            while len(self._logins) > LIMIT:
                del self._logins[next(iter(self._logins))]

    def pending(self) -> list[BackchannelLogin]:
        """Those that nobody has answered, the oldest first."""
        with self._lock:
            logins = list(self._logins.values())
        return [each for each in logins if not each.answer and not each.has_expired]

    def find(self, id: str) -> BackchannelLogin | None:
        return next((login for login in self.pending() if login.id == id), None)

    def approve(self, id: str) -> None:
        """Let a pending login's person agree; ``LookupError`` if there is none."""
        self._answer(id, "approve")

    def deny(self, id: str) -> None:
        """Let a pending login's person refuse; ``LookupError`` if there is none."""
        self._answer(id, "deny")

    def _answer(self, id: str, answer: Answer) -> None:
        with self._lock:
            login = self.find(id)
            if login is None:
                raise LookupError(f"No login {id!r} waits for an answer.")
            login.answer, login.answered_at = answer, int(time.time())

    def poll(
        self, auth_req_id: str, client: Client
    ) -> tuple[BackchannelLogin | None, bool]:
        """The client's login, and whether it asks too early. An answer ends it."""
        with self._lock:
            login = self._logins.get(auth_req_id)
            if login is None or login.client is not client:
                return None, False
            if login.answer or login.has_expired:
                del self._logins[auth_req_id]
                return login, False
            now, before = time.monotonic(), login.polled_at
            login.polled_at = now
            too_early = before is not None and now - before < login.interval
            if too_early:
                login.interval += SLOWER
            return login, too_early
