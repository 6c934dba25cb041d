"""What the tenant has sent to people, by e-mail and by phone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from threading import RLock

#: More than any test needs; a tenant may run for weeks.
LIMIT = 1_000


@dataclass(frozen=True)
class Message:
    """A code or a link that was sent to an address."""

    to: str
    #: ``email``, ``sms`` or ``voice``.
    channel: str
    code: str = field(default="", repr=False)
    link: str = field(default="", repr=False)


class Inbox:
    """The messages to everybody, the newest last; ``tenant.inbox``."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._messages: list[Message] = []

    def send(self, to: str, channel: str, *, code: str = "", link: str = "") -> None:
        with self._lock:
            self._messages.append(Message(to, channel, code, link))
            del self._messages[:-LIMIT]

    def messages(self, to: str | None = None) -> list[Message]:
        """The messages to an address, or all of them."""
        with self._lock:
            everything = list(self._messages)
        if to is None:
            return everything
        return [each for each in everything if each.to.lower() == to.lower()]


def random_code() -> str:
    return f"{secrets.randbelow(1_000_000):06}"
