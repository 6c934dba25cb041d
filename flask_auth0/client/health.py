"""Whether an app can reach what its logins need."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field

from flask import Flask

from ..errors import Auth0Error, SessionStoreUnavailable, TenantUnavailable
from ..runtime import loop
from .server_client import LoopClient
from .translation import KNOWN, translate

OK, NOT_CHECKED = "ok", "not_checked"


@dataclass(frozen=True)
class Health:
    """What an app can reach. It has no secrets, so that a view may return it as JSON.

    .. versionadded:: 0.2
    """

    #: Whether the back end of sessions, or of revocations, answers: ``ok``,
    #: ``session_store_unavailable``, or ``not_checked`` where there is none and where
    #: the app has a store of its own.
    session_store: str
    #: Whether the tenant and its signing keys are known, so that logins can go on:
    #: ``ok``, a reason of the log such as ``tenant_unreachable``, or ``not_checked``
    #: where the app has several domains.
    tenant: str
    #: Whether nothing is wrong with either.
    ok: bool = field(init=False)

    def __post_init__(self) -> None:
        is_ok = {self.session_store, self.tenant} <= {OK, NOT_CHECKED}
        object.__setattr__(self, "ok", is_ok)


async def examine(client: LoopClient, app: Flask, limit: float) -> Health:
    """Ask the back end and the tenant at the same time.

    :param limit: seconds that each of them may take.
    """
    return Health(
        *await asyncio.gather(
            _within(limit, _asked_store(client, app), SessionStoreUnavailable),
            _within(limit, _asked_tenant(client), TenantUnavailable),
        )
    )


async def _within(
    limit: float, asking: Coroutine[object, object, str], late: type[Auth0Error]
) -> str:
    """Return what is told, or the reason why nothing is."""
    try:
        return await asyncio.wait_for(asking, limit)
    except (asyncio.TimeoutError, TimeoutError):
        return late.reason
    except Auth0Error as error:
        return error.reason
    except KNOWN as error:
        return translate(error).reason


async def _asked_store(client: LoopClient, app: Flask) -> str:
    place = client.store.meeting_point(app)
    if place is None:
        return NOT_CHECKED
    # The key is nobody's: any answer will do.
    await loop.where_called(lambda: place.ask(place.fetch, "flask_auth0.health"))
    return OK


async def _asked_tenant(client: LoopClient) -> str:
    domain = client.domains.fixed
    if not domain:
        return NOT_CHECKED
    looking = asyncio.ensure_future(client.discovery.jwks(domain))
    # If nobody waits for a failure any more, asyncio would log it.
    looking.add_done_callback(lambda done: done.cancelled() or done.exception())
    # The lookup goes on after the limit: its answer serves the next login.
    await asyncio.shield(looking)
    return OK
