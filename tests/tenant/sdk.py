"""The SDK's own client, with the simplest stores there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from auth0_server_python.auth_server.server_client import ServerClient

from flask_auth0.tenant import TenantServer
from tests.tenant.flow import CALLBACK


class Memory:
    """A store of the SDK; states are kept as mappings, as it expects them."""

    def __init__(self, *, mappings: bool = False) -> None:
        self.kept: dict[str, Any] = {}
        self._mappings = mappings

    async def get(self, identifier: str, options: Any = None) -> Any:
        return self.kept.get(identifier)

    async def set(self, identifier: str, state: Any, *_: Any, **__: Any) -> None:
        if self._mappings and hasattr(state, "model_dump"):
            state = state.model_dump()
        self.kept[identifier] = state

    async def delete(self, identifier: str, options: Any = None) -> None:
        self.kept.pop(identifier, None)


def sdk_client(server: TenantServer, **options: Any) -> Any:
    client = server.tenant.client
    scope = "openid profile email offline_access"
    settings: dict[str, Any] = {
        "domain": server.domain,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "secret": "s" * 64,
        "redirect_uri": CALLBACK,
        "state_store": Memory(mappings=True),
        "transaction_store": Memory(),
        "authorization_params": {"scope": scope},
        **options,
    }
    return ServerClient(**settings)


def play(client: Any, scene: Callable[[], Awaitable[None]]) -> None:
    """Run a scene on an event loop of its own, and close what the client opened."""

    async def whole() -> None:
        try:
            await scene()
        finally:
            await client._oauth.aclose()

    asyncio.run(whole())
