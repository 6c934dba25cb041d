"""How a view begins each flow of the SDK."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from auth0_server_python.auth_types import (
    ConnectAccountOptions,
    StartEnterpriseLoginOptions,
    StartInteractiveLoginOptions,
    StartLinkUserOptions,
    StartPasswordlessEmailOptions,
)

from tests.harness.visitor import ADA

Query = Mapping[str, str]


def _state(query: Query) -> t.Any:
    return {**query} or None


async def login(client: t.Any, query: Query) -> t.Any:
    options = StartInteractiveLoginOptions(app_state=_state(query))
    return await client.start_interactive_login(options)


async def enterprise(client: t.Any, query: Query) -> t.Any:
    options = StartEnterpriseLoginOptions(
        email=query.get("email", "ada@acme.example"), app_state=_state(query)
    )
    return await client.start_enterprise_login(options)


async def link_by_mail(client: t.Any, query: Query) -> t.Any:
    options = StartPasswordlessEmailOptions(email=ADA, send="link")
    await client.passwordless.start(options, next=query.get("next"))


async def connect(client: t.Any, query: Query) -> t.Any:
    options = ConnectAccountOptions(connection="github", app_state=_state(query))
    return await client.start_connect_account(options)


async def link(client: t.Any, query: Query) -> t.Any:
    options = StartLinkUserOptions(connection="github", app_state=_state(query))
    return await client.start_link_user(options)


async def unlink(client: t.Any, query: Query) -> t.Any:
    options = {"connection": "github", "app_state": _state(query)}
    return await client.start_unlink_user(options)


STARTS: dict[str, t.Callable[[t.Any, Query], t.Coroutine[t.Any, t.Any, t.Any]]] = {
    "login": login,
    "enterprise": enterprise,
    "magic": link_by_mail,
    "connect": connect,
    "link": link,
    "unlink": unlink,
}
