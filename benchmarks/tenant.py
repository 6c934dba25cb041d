"""A development tenant in a process of its own, whose work is not measured."""

from __future__ import annotations

import contextlib
import multiprocessing
import typing as t
from collections.abc import Iterator
from multiprocessing.connection import Connection

from flask_auth0.tenant import Client, Tenant, TenantServer

#: Where the apps are that are called in process.
APP_URL = "http://127.0.0.1:5000"
#: What Auth0 says of a person beyond what the tenant does.
CLAIMS = {
    "given_name": "Ada",
    "family_name": "Lovelace",
    "locale": "en",
    "https://example.com/roles": ["reader", "writer"],
}
#: Bytes that an API's scopes and permissions take in an access token.
PADDING = 700


@contextlib.contextmanager
def running_tenant() -> Iterator[dict[str, str]]:
    """Run a tenant, and yield what an app has to have in its environment."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield t.cast("dict[str, str]", ours.recv())
    finally:
        ours.send(None)
        process.join()


def _serve(pipe: Connection) -> None:
    """Serve until the other end says something."""
    client = Client(callbacks=[f"{APP_URL}/callback"], logout_urls=[f"{APP_URL}/"])
    tenant = Tenant([client])
    tenant.next_login = "ada@example.com"
    tenant.extra_claims.update(CLAIMS)
    tenant.access_token_padding = PADDING
    with TenantServer(tenant) as server:
        pipe.send(server.environment())
        pipe.recv()
