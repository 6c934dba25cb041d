"""Stores of an app's own, as simple as they can be."""

from __future__ import annotations

import asyncio
import secrets
import typing as t

from auth0_server_python.auth_types import StateData
from auth0_server_python.store import StateStore, TransactionStore

from flask_auth0 import SessionStoreUnavailable


class SimpleStore(StateStore):
    """Remembers states by the id in a cookie, and looks for that in the request."""

    def __init__(self) -> None:
        super().__init__({})
        self.states: dict[str, dict[str, t.Any]] = {}
        self.is_down = False

    async def set(
        self,
        identifier: str,
        state: t.Any,
        remove_if_expires: bool = False,
        options: t.Any = None,
    ) -> None:
        key = options["request"].cookies.get("own") or secrets.token_urlsafe()
        self.states[key] = state if isinstance(state, dict) else state.model_dump()
        options["response"].set_cookie("own", key, httponly=True)

    async def get(self, identifier: str, options: t.Any = None) -> t.Any:
        if self.is_down:
            raise SessionStoreUnavailable()
        found = self.states.get(options["request"].cookies.get("own"))
        return StateData(**found) if found else None

    async def delete(self, identifier: str, options: t.Any = None) -> None:
        self.states.pop(options["request"].cookies.get("own"), None)
        options["response"].delete_cookie("own")


class SlowTransactions(TransactionStore):
    """Transactions in a store of somebody's own, which waits for something."""

    def __init__(self) -> None:
        super().__init__({})
        self.kept: dict[str, t.Any] = {}

    async def set(self, identifier: str, state: t.Any, *_: t.Any, **__: t.Any) -> None:
        await asyncio.sleep(0)
        self.kept[identifier] = state

    async def get(self, identifier: str, options: t.Any = None) -> t.Any:
        await asyncio.sleep(0)
        return self.kept.get(identifier)

    async def delete(self, identifier: str, options: t.Any = None) -> None:
        await asyncio.sleep(0)
        self.kept.pop(identifier, None)
