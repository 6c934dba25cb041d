"""The accounts that people have at other providers: connected, or linked."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from threading import RLock
from typing import Any


@dataclass(frozen=True)
class Connection:
    """Another provider, as the tenant is set up with it."""

    name: str
    strategy: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConnectedAccount:
    """Somebody's account at another provider, with tokens kept for it."""

    connection: str
    #: The name of the account there, an e-mail address as a rule.
    account: str
    scopes: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: f"cac_{secrets.token_hex(10)}")
    created_at: str = field(
        default_factory=lambda: datetime.now(timezone.utc).isoformat()
    )

    def described(self) -> dict[str, Any]:
        """As the My Account API describes it."""
        return {
            "id": self.id,
            "connection": self.connection,
            "access_type": "offline",
            "scopes": list(self.scopes),
            "created_at": self.created_at,
        }


@dataclass
class Connecting:
    """A connection that was begun, until its code is back."""

    sub: str
    connection: Connection
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str | None
    code_challenge: str | None
    auth_session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    connect_code: str = ""
    account: str = ""
    started_at: float = field(default_factory=time.time)


def known_connections() -> list[Connection]:
    return [
        Connection("google-oauth2", "google-oauth2", ("openid", "profile", "email")),
        Connection("github", "github", ("read:user", "repo")),
    ]


class Accounts:
    """Connected and linked accounts, by ``sub``; ``tenant.accounts``."""

    def __init__(self, lock: RLock) -> None:
        #: The providers whose accounts can be connected.
        self.connections: list[Connection] = known_connections()
        #: For how many seconds a connection that was begun can be completed.
        self.lifetime = 300
        #: For how many seconds the tokens of those providers are good.
        self.token_lifetime = 3600
        self._lock = lock
        self._connected: dict[str, list[ConnectedAccount]] = {}
        self._linked: dict[str, dict[str, str]] = {}
        self._connecting: list[Connecting] = []

    def connection(self, name: str) -> Connection | None:
        return next((each for each in self.connections if each.name == name), None)

    # Connected accounts

    def connected(self, sub: str) -> list[ConnectedAccount]:
        with self._lock:
            return list(self._connected.get(sub, []))

    def connect(self, sub: str, account: ConnectedAccount) -> ConnectedAccount:
        with self._lock:
            self._connected.setdefault(sub, []).append(account)
        return account

    def disconnect(self, sub: str, identifier: str) -> bool:
        with self._lock:
            before = self._connected.get(sub, [])
            after = [each for each in before if each.id != identifier]
            self._connected[sub] = after
            return len(after) < len(before)

    def begin(self, connecting: Connecting) -> None:
        with self._lock:
            self._connecting.append(connecting)
            del self._connecting[:-1_000]

    def by_ticket(self, ticket: str) -> Connecting | None:
        """What the person is asked about, once."""
        for each in self._under_way():
            if secrets.compare_digest(each.ticket.encode(), ticket.encode()):
                return each
        return None

    def take(self, auth_session: str) -> Connecting | None:
        """What is to be completed; nobody gets it a second time."""
        with self._lock:
            for each in self._under_way():
                if each.auth_session == auth_session:
                    self._connecting.remove(each)
                    return each
        return None

    def _under_way(self) -> list[Connecting]:
        horizon = time.time() - self.lifetime
        with self._lock:
            return [each for each in self._connecting if each.started_at > horizon]

    # Linked accounts

    def linked(self, sub: str) -> dict[str, str]:
        """The accounts that log in as this person, by connection."""
        with self._lock:
            return dict(self._linked.get(sub, {}))

    def link(self, sub: str, connection: str, account: str) -> None:
        with self._lock:
            self._linked.setdefault(sub, {})[connection] = account

    def unlink(self, sub: str, connection: str) -> None:
        with self._lock:
            self._linked.get(sub, {}).pop(connection, None)
