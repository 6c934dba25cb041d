"""An app with tokens, and many requests that refresh them."""

from __future__ import annotations

import asyncio
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, request
from werkzeug.test import TestResponse

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import FETCH, HOST, Visitor

OFFLINE = "openid profile email offline_access"
API = "https://api.example.com"
MODES = ["cookie", "redis"]


def add_views(app: Flask) -> None:
    auth0 = Auth0()

    @app.get("/token")
    def token() -> t.Any:
        return auth0.get_access_token(
            audience=request.args.get("audience"),
            scope=request.args.get("scope"),
            force_refresh="force" in request.args,
        )

    @app.get("/token-async")
    async def token_async() -> t.Any:
        calls = [auth0.client.get_access_token() for _ in range(3)]
        return "\n".join(await asyncio.gather(*calls))


def refreshes(tenant: TenantServer) -> list[str]:
    """The outcomes of the requests to refresh that have reached the tenant."""
    return [each[1] for each in tenant.tenant.token_requests if each[0][0] == "r"]


def at_once(visitor: Visitor, paths: t.Sequence[str]) -> list[TestResponse]:
    """Send requests of one browser at the same time, with the same cookies."""
    cookies = visitor.cookies()
    barrier = threading.Barrier(len(paths))

    def send(path: str) -> TestResponse:
        client = visitor.app.test_client()
        for name, value in cookies.items():
            client.set_cookie(name, value, domain="localhost")
        barrier.wait()
        return client.get(path, base_url=HOST, headers=FETCH)

    with ThreadPoolExecutor(len(paths)) as executor:
        return list(executor.map(send, paths))


def adopt(visitor: Visitor, response: TestResponse) -> None:
    """Take over the cookies of a response."""
    for header in response.headers.getlist("Set-Cookie"):
        name, _, value = header.partition(";")[0].partition("=")
        visitor.set_cookie(name, value)
