"""The abstract store of logins under way, and an app's own as one."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from auth0_server_python.store import TransactionStore

from ..runtime.cookie_jar import CookieJar

#: The prefix of the SDK's identifiers of transactions, in front of the ``state``.
TRANSACTION_KEY = "_a0_tx"

Options = dict[str, t.Any]


class LoginStore(TransactionStore):
    """Keeps the transactions of logins, until their callbacks.

    The defaults suit any store that the SDK can use.
    """

    #: Whether the coroutines of the store need an event loop.
    needs_loop = True
    #: Whether only the browser that began a login has access to its transaction.
    is_private = False

    def find(self, jar: CookieJar, identifier: str, ask: Callable[[], t.Any]) -> t.Any:
        """Return a transaction, or ``None`` if it is unknown or too old.

        :param ask: waits for :meth:`get`, where that needs an event loop.
        """
        return ask()

    def give_up_newest(self, jar: CookieJar) -> None:
        """Make room for a login that has to begin again, if room is limited."""


class OwnTransactionStore(LoginStore):
    """Hands the SDK's calls on to a store of the app's own."""

    def __init__(self, store: TransactionStore) -> None:
        super().__init__({})
        self._store = store

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: Options | None = None,
    ) -> None:
        """Keep a transaction."""
        await self._store.set(identifier, state, options=options)

    async def get(self, identifier: str, options: Options | None = None) -> t.Any:
        """Return a transaction, or ``None`` if it is unknown."""
        return await self._store.get(identifier, options=options)

    async def delete(self, identifier: str, options: Options | None = None) -> None:
        """Forget a transaction."""
        await self._store.delete(identifier, options=options)
