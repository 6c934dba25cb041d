"""Back-channel logout: the tokens, and their delivery in the background."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import httpx

from .keys import SigningKeys
from .model import Client
from .records import Delivery, Session

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

#: How long an app may take to answer, in seconds.
DELIVERY_TIMEOUT = 5.0


class Issuer(Protocol):
    """What a tenant has that its logout tokens are made of."""

    clients: list[Client]
    keys: SigningKeys

    @property
    def issuer(self) -> str: ...


def logout_token(tenant: Issuer, client: Client, session: Session) -> str:
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": tenant.issuer,
        "aud": client.client_id,
        "iat": now,
        "exp": now + 120,
        "jti": secrets.token_urlsafe(16),
        "sub": session.person.sub,
        "sid": session.sid,
        "events": {LOGOUT_EVENT: {}},
    }
    return tenant.keys.sign(claims, typ="logout+jwt")


class LogoutNotifier:
    """Tells the clients of a session that it has ended."""

    def __init__(self, record: Callable[[Delivery], None]) -> None:
        self._record = record
        self._executor = ThreadPoolExecutor(8, "tenant-logout")

    def notify(self, tenant: Issuer, session: Session) -> list[Future[Delivery]]:
        """Start the deliveries, one for each client with a back-channel URL."""
        return [
            self._executor.submit(self._deliver, tenant, client, session)
            for client in tenant.clients
            if client.client_id in session.client_ids and client.backchannel_logout_url
        ]

    def _deliver(self, tenant: Issuer, client: Client, session: Session) -> Delivery:
        url = client.backchannel_logout_url or ""
        token = logout_token(tenant, client, session)
        status, error = _post(url, token)
        delivery = Delivery(client.client_id, session.sid, url, status, error)
        self._record(delivery)
        return delivery


def _post(url: str, token: str) -> tuple[int | None, str | None]:
    """Never through a proxy: the app is on this machine, or close by."""
    try:
        response = httpx.post(
            url,
            data={"logout_token": token},
            timeout=DELIVERY_TIMEOUT,
            verify=ssl.create_default_context(),
            trust_env=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return None, type(error).__name__
    return response.status_code, None
