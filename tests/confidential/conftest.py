"""Apps that prove who they are in each of the ways."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
from flask import Flask

from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp

from .ways import API, OFFLINE, WAYS, add_views


@pytest.fixture(autouse=True)
def _as_registered(tenant: TenantServer) -> Iterator[None]:
    """Let the tenant's client be what it was, for the tests of other folders."""
    client = tenant.tenant.client
    yield
    client.token_endpoint_auth_method = None
    client.public_keys, client.certificates = [], []
    client.tls_client_auth_subject_dn = ""
    client.require_pushed_authorization_requests = False


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__[3:])
def credentials(request: pytest.FixtureRequest, tenant: TenantServer) -> t.Any:
    """The options of an app that proves who it is in one of the ways."""
    return request.param(tenant)


@pytest.fixture(params=["cookie", "redis"])
def config(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    """Sessions in each place."""
    if request.param == "cookie":
        return {"AUTH0_RESPONSE_HEADER_LIMIT": 16384}
    found: dict[str, t.Any] = request.getfixturevalue("redis_settings")
    return found


@pytest.fixture
def app(
    make_app: MakeApp, config: dict[str, t.Any], credentials: dict[str, t.Any]
) -> Flask:
    app = make_app(config, scope=OFFLINE, audience=API, **credentials)
    add_views(app)
    return app
