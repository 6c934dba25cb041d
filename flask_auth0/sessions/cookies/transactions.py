"""The SDK's transaction store: a sealed, short-lived cookie for each login attempt."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Callable

from auth0_server_python.auth_types import TransactionData
from pydantic import ValidationError

from ...config import Config
from ...runtime.clock import Clock
from ...runtime.cookie_jar import CookieJar, cookie_size
from ...runtime.request import HERE, CurrentRequest, current_request
from ..sealing import Sealer
from ..shapes import dumped, is_moment, without_none
from ..transaction_store import LoginStore, Options
from .host_prefix import transaction_prefix
from .storage import HEADER

#: Seconds that a user has to log in.
LIFETIME = 3600
#: How many logins of one browser may be under way.
MOST_LOGINS = 4
#: Bytes that the transactions of a browser may need together.
BUDGET = 6000


class CookieTransactionStore(LoginStore):
    """Keeps the transactions of logins in cookies, until their callbacks.

    Two tabs do not overwrite each other's, and an abandoned login costs the server
    nothing.

    :param sealer: encrypts transactions.
    :param clock: tells which of them are too old.
    """

    needs_loop = False
    is_private = True

    def __init__(self, sealer: Sealer, config: Config, clock: Clock) -> None:
        super().__init__({})
        self._sealer = sealer
        self._config = config
        self._clock = clock

    async def keep(
        self, identifier: str, state: TransactionData, options: Options | None
    ) -> None:
        """Keep a transaction, and delete the oldest ones if there are too many."""
        jar = _current(options).jar
        name = self._name(jar, identifier)
        content = {"data": without_none(dumped(state)), "at": self._clock.time()}
        sealed = self._sealer.seal(content, name)
        self._make_room(jar, cookie_size(name, sealed))
        jar.set(name, sealed, LIFETIME, crosses_sites=True)

    async def whole(
        self, identifier: str, options: Options | None
    ) -> TransactionData | None:
        """Return a transaction, or ``None`` if it is unknown or too old."""
        return self._find(_current(options).jar, identifier)

    def find(
        self, jar: CookieJar, identifier: str, ask: Callable[[], t.Any]
    ) -> TransactionData | None:
        """Return a transaction, or ``None`` if it is unknown or too old."""
        return self._find(jar, identifier)

    def _find(self, jar: CookieJar, identifier: str) -> TransactionData | None:
        content = self._open(jar, self._name(jar, identifier))
        if content is None or self._clock.time() >= content["at"] + LIFETIME:
            return None
        try:
            return TransactionData(**content["data"])
        except ValidationError:
            return None

    def is_foreign(self, jar: CookieJar, identifier: str) -> bool:
        """Tell whether a transaction came that no secret of this app opens."""
        name = self._name(jar, identifier)
        return bool(jar.values.get(name)) and self._open(jar, name) is None

    async def delete(self, identifier: str, options: Options | None = None) -> None:
        """Forget a transaction."""
        jar = _current(options).jar
        jar.delete(self._name(jar, identifier))

    def give_up_newest(self, jar: CookieJar) -> None:
        """Make room for a login that has to begin again, by deleting the newest one.

        Newer logins had displaced it. If it displaced the oldest one in return, the
        logins of many tabs would go on displacing each other, and none would be
        completed.
        """
        names = self.names(jar)
        if len(names) >= MOST_LOGINS:
            jar.delete(max(names, key=lambda name: _begun_at(self._open(jar, name))))

    def names(self, jar: CookieJar) -> list[str]:
        """Return the names of all transactions that a browser has."""
        return jar.names(self._prefix(jar))

    def _open(self, jar: CookieJar, name: str) -> t.Any:
        sent = jar.values.get(name, ())
        opened = (self._opened(jar, name, sealed) for sealed in sent)
        return next(filter(None, opened), None)

    def _opened(self, jar: CookieJar, name: str, sealed: str) -> t.Any:
        """Return a transaction; the callback and then the SDK ask for the same one."""
        key = name, sealed
        if key not in jar.opened:
            content = self._sealer.open(sealed, name)
            jar.opened[key] = content if _is_transaction(content) else None
        return jar.opened[key]

    def _make_room(self, jar: CookieJar, needed: int) -> None:
        """Delete the oldest transactions until a new one fits beside the others."""
        names = self.names(jar)
        opened = {name: self._open(jar, name) for name in names}
        newest_first = sorted(names, key=lambda name: -_begun_at(opened[name]))
        others = jar.size_of_others(self._prefix(jar))
        room = min(BUDGET, HEADER - others)
        for number, name in enumerate(newest_first, start=1):
            needed += cookie_size(name, jar.get(name) or "")
            if number >= MOST_LOGINS or needed > room or opened[name] is None:
                jar.delete(name)

    def _name(self, jar: CookieJar, identifier: str) -> str:
        """Return the cookie's name, with a digest of the ``state`` in it."""
        digest = hashlib.sha256(identifier.encode()).hexdigest()
        return self._prefix(jar) + digest[:24]

    def _prefix(self, jar: CookieJar) -> str:
        return jar.transactions or transaction_prefix(jar, self._config)


def _current(options: Options | None) -> CurrentRequest:
    found: CurrentRequest | None = options.get(HERE) if options else None
    return found or current_request()


def _is_transaction(content: t.Any) -> bool:
    return (
        isinstance(content, dict)
        and is_moment(content.get("at"))
        and isinstance(content.get("data"), dict)
    )


def _begun_at(content: t.Any) -> float:
    return 0 if content is None else t.cast(float, content["at"])
