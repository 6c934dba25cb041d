"""A development tenant in a process of its own, whose work is not measured."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
import typing as t
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection

from flask_auth0.tenant import Client, Tenant, TenantServer
from flask_auth0.tenant.backchannel import logout_token
from flask_auth0.tenant.records import Session

from .plain import APP_URL

P = t.ParamSpec("P")
T = t.TypeVar("T")

#: What Auth0 says of a person beyond what the tenant does.
CLAIMS = {
    "given_name": "Ada",
    "family_name": "Lovelace",
    "locale": "en",
    "https://example.com/roles": ["reader", "writer"],
}
#: Bytes that an API's scopes and permissions take in an access token.
PADDING = 700


class RemoteTenant:
    """The tenant, as other processes see it.

    :param environment: what an app has to have in its environment.
    """

    def __init__(self, pipe: Connection, environment: dict[str, str]) -> None:
        self._pipe = pipe
        self.environment = environment

    def ask(
        self,
        question: Callable[t.Concatenate[Tenant, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call a function of this module with the tenant, where the tenant is."""
        self._pipe.send((question, args, kwargs))
        return t.cast(T, self._pipe.recv())


def count_refreshes(tenant: Tenant) -> int:
    """Return how many requests to refresh have come, whatever became of them."""
    return sum(each.grant_type == "refresh_token" for each in tenant.token_requests)


def set_token_lifetime(tenant: Tenant, seconds: int) -> None:
    """Let the next access tokens be good for so long."""
    tenant.lifetimes.access_token = seconds


def logout_tokens(tenant: Tenant, sids: Iterable[str]) -> list[str]:
    """Return what the tenant sends when sessions end."""
    person, now = tenant.people[0], int(time.time())
    sessions = [Session(sid, person, now, now) for sid in sids]
    return [logout_token(tenant, tenant.client, session) for session in sessions]


def logout_token_of_newest(tenant: Tenant) -> str:
    """Return what the tenant sends when the session of the last login ends."""
    return logout_token(tenant, tenant.client, tenant.sessions()[-1])


@contextlib.contextmanager
def running_tenant() -> Iterator[RemoteTenant]:
    """Run a tenant."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield RemoteTenant(ours, ours.recv())
    finally:
        ours.send(None)
        process.join()


def _serve(pipe: Connection) -> None:
    """Serve and answer questions, until there is none."""
    client = Client(callbacks=[f"{APP_URL}/callback"], logout_urls=[f"{APP_URL}/"])
    tenant = Tenant([client])
    tenant.next_login = "ada@example.com"
    tenant.extra_claims.update(CLAIMS)
    tenant.access_token_padding = PADDING
    with TenantServer(tenant) as server:
        pipe.send(server.environment())
        while asked := pipe.recv():
            question, args, kwargs = asked
            pipe.send(question(tenant, *args, **kwargs))
