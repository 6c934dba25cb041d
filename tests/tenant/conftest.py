"""A running tenant and somebody's browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flask_auth0.tenant import Tenant, TenantServer
from tests.tenant.flow import CALLBACK, LOGOUT_URL, Flow


@pytest.fixture
def server(auth0_tenant: TenantServer) -> TenantServer:
    auth0_tenant.tenant.client.callbacks.append(CALLBACK)
    auth0_tenant.tenant.client.logout_urls.append(LOGOUT_URL)
    return auth0_tenant


@pytest.fixture
def tenant(server: TenantServer) -> Tenant:
    return server.tenant


@pytest.fixture
def flow(server: TenantServer) -> Iterator[Flow]:
    with Flow(server) as flow:
        yield flow
