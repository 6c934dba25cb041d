"""An app with tokens, wherever its sessions are."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp

from .refreshing import API, MODES, OFFLINE, add_views


@pytest.fixture(params=MODES)
def config(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    """Sessions in each place."""
    if request.param == "cookie":
        return {}
    found: dict[str, t.Any] = request.getfixturevalue("redis_settings")
    return found


@pytest.fixture
def app(make_app: MakeApp, config: dict[str, t.Any]) -> Flask:
    # Tokens for many audiences are more than the default has room for.
    config = {**config, "AUTH0_RESPONSE_HEADER_LIMIT": 16384}
    app = make_app(config, scope=OFFLINE, audience=API)
    add_views(app)
    return app


@pytest.fixture
def expired(tenant: TenantServer) -> t.Iterator[t.Callable[[], None]]:
    """Let the access tokens of the next logins have expired on arrival."""
    lifetimes = tenant.tenant.lifetimes
    before = lifetimes.access_token
    lifetimes.access_token = 0

    def later_ones_are_good() -> None:
        lifetimes.access_token = before

    yield later_ones_are_good
    lifetimes.access_token = before
