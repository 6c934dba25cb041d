"""Token exchange: whom tokens stand for, and sessions handed over."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock

from .model import Person
from .records import Login

#: Says who a token stands for, by ``sub`` or address; nobody if it is not good.
Identify = Callable[[str], "Person | str | None"]


@dataclass(frozen=True)
class Transfer:
    """A session that an app hands to another one."""

    login: Login
    issued_at: float


class Exchange:
    """The types of tokens that can be exchanged; ``tenant.exchange``."""

    def __init__(self, lock: RLock) -> None:
        #: For how many seconds a session transfer token is good.
        self.transfer_lifetime = 60
        self._lock = lock
        self._types: dict[str, Identify] = {}
        self._transfers: dict[str, Transfer] = {}

    def register(self, subject_token_type: str, identify: Identify) -> None:
        """Let tokens of a type be exchanged; the function says who each one is."""
        with self._lock:
            self._types[subject_token_type] = identify

    def identifier(self, subject_token_type: str) -> Identify | None:
        with self._lock:
            return self._types.get(subject_token_type)

    def transfer(self, login: Login) -> str:
        """A token with which a browser is logged in as somebody, once."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._transfers[token] = Transfer(login, time.time())
        return token

    def redeem(self, token: str) -> Login | None:
        with self._lock:
            transfer = self._transfers.pop(token, None)
        if transfer is None:
            return None
        late = time.time() >= transfer.issued_at + self.transfer_lifetime
        return None if late else transfer.login
