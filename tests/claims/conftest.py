"""An app whose users' claims change at the tenant, wherever its sessions are."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
from flask import Flask

from flask_auth0 import current_user
from flask_auth0.tenant import TenantServer
from tests.hooks.hooked_app import MODES, Views, make

Claims = dict[str, t.Any]


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """The place of sessions."""
    return str(request.param)


@pytest.fixture
def made(request: pytest.FixtureRequest, options: Claims, mode: str) -> Views:
    made = make(request, options, mode)
    auth0 = made.auth0

    @made.app.get("/renew")
    def renew() -> t.Any:
        claims = auth0.refresh_user()
        return {"returned": claims, "current": dict(current_user)}

    @made.app.get("/renew-async")
    async def renew_async() -> t.Any:
        claims = await auth0.client.refresh_user()
        return {"returned": claims, "current": dict(current_user)}

    @made.app.get("/token-and-user")
    def token_and_user() -> t.Any:
        before = dict(current_user)
        auth0.get_access_token(force_refresh=True)
        return {"before": before, "current": dict(current_user)}

    return made


@pytest.fixture
def app(made: Views) -> Flask:
    return made.app


@pytest.fixture
def told(tenant: TenantServer) -> Iterator[Claims]:
    """What the tenant's ID tokens say from now on, besides who it is."""
    yield tenant.tenant.extra_claims
    tenant.tenant.extra_claims.clear()
