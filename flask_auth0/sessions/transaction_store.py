"""The abstract store of logins under way, and an app's own as one."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from auth0_server_python.auth_types import TransactionData
from auth0_server_python.store import TransactionStore

from ..runtime.cookie_jar import CookieJar
from ..runtime.request import HERE, CurrentRequest
from .flows import with_flow, without_flow

#: The prefix of the SDK's identifiers of transactions, in front of the ``state``.
TRANSACTION_KEY = "_a0_tx"

Options = dict[str, t.Any]


def transaction_key(sdk_state: str) -> str:
    """Return the identifier under which the SDK keeps a transaction."""
    return f"{TRANSACTION_KEY}:{sdk_state}"


class LoginStore(TransactionStore):
    """Keeps the transactions of logins, until their callbacks.

    The defaults suit any store that the SDK can use.
    """

    #: Whether the coroutines of the store need an event loop.
    needs_loop = True
    #: Whether only the browser that began a login has access to its transaction.
    is_private = False

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: Options | None = None,
    ) -> None:
        """Keep a transaction of the SDK, with the flow that departs."""
        await self.keep(identifier, with_flow(state), options)

    # The SDK expects its model, although it declares a dictionary.
    async def get(  # type: ignore[override]
        self, identifier: str, options: Options | None = None
    ) -> TransactionData | None:
        """Return a transaction as the SDK has made it, or ``None``."""
        here: CurrentRequest | None = options.get(HERE) if options else None
        known = here.transaction if here else None
        if known is not None and known[0] == identifier:
            return without_flow(known[1])
        return without_flow(await self.whole(identifier, options))

    async def keep(
        self, identifier: str, state: TransactionData, options: Options | None
    ) -> None:
        """Keep a transaction with its flow."""
        raise NotImplementedError

    async def whole(
        self, identifier: str, options: Options | None
    ) -> TransactionData | None:
        """Return a transaction with its flow, or ``None`` if it is unknown."""
        raise NotImplementedError

    def find(self, jar: CookieJar, identifier: str, ask: Callable[[], t.Any]) -> t.Any:
        """Return a transaction with its flow, or ``None`` if it is unknown or too old.

        :param ask: waits for :meth:`whole`, where that needs an event loop.
        """
        return ask()

    def is_foreign(self, jar: CookieJar, identifier: str) -> bool:
        """Tell whether a transaction came that no secret of this app opens."""
        return False

    def give_up_newest(self, jar: CookieJar) -> None:
        """Make room for a login that has to begin again, if room is limited."""


class OwnTransactionStore(LoginStore):
    """Hands the SDK's calls on to a store of the app's own."""

    def __init__(self, store: TransactionStore) -> None:
        super().__init__({})
        self._store = store

    async def keep(
        self, identifier: str, state: TransactionData, options: Options | None
    ) -> None:
        """Keep a transaction with its flow."""
        # The SDK passes its model, although it declares a dictionary.
        await self._store.set(identifier, t.cast(t.Any, state), options=options)

    async def whole(
        self, identifier: str, options: Options | None
    ) -> TransactionData | None:
        """Return a transaction with its flow, or ``None`` if it is unknown."""
        found: t.Any = await self._store.get(identifier, options=options)
        return t.cast("TransactionData | None", found)

    async def delete(self, identifier: str, options: Options | None = None) -> None:
        """Forget a transaction."""
        await self._store.delete(identifier, options=options)
