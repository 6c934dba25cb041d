"""Two tenants, an app with a host for each, and browsers that visit both."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.fixtures.apps import MANY, PATIENT
from tests.harness.domains import (
    FIRST,
    SECOND,
    Function,
    Place,
    add_views,
    make_tenant,
)
from tests.harness.visitor import SECRET

Places = tuple[Place, Place]
MakeOwn = Callable[..., Flask]


@pytest.fixture(scope="module")
def tenants(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, TenantServer]]:
    """The tenants of the two hosts, whose certificates this process trusts."""
    with ExitStack() as stack:
        found = {h: stack.enter_context(make_tenant(h)) for h in (FIRST, SECOND)}
        bundle = tmp_path_factory.mktemp("trusted") / "both.pem"
        parts = [Path(each.ca_file).read_text() for each in found.values()]
        bundle.write_text("\n".join(parts))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("SSL_CERT_FILE", str(bundle))
        yield found


@pytest.fixture(params=["plain", "waiting"])
def kind(request: pytest.FixtureRequest) -> str:
    """Whether the app's function is a coroutine."""
    return str(request.param)


@pytest.fixture(params=["cookies", "redis"])
def settings(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    """Where the sessions are."""
    if request.param == "cookies":
        return {}
    found: dict[str, t.Any] = request.getfixturevalue("redis_settings")
    return found


@pytest.fixture
def function(tenants: dict[str, TenantServer]) -> Function:
    return Function({host: each.domain for host, each in tenants.items()})


@pytest.fixture
def make_own(
    function: Function, tenants: dict[str, TenantServer], settings: dict[str, t.Any]
) -> MakeOwn:
    """Make apps with both domains."""

    def make(kind: str = "plain", **options: t.Any) -> Flask:
        app = Flask(__name__)
        app.config.update(TESTING=True, AUTH0_SESSION_STORE_TIMEOUT=PATIENT)
        app.config.update(AUTH0_TENANT_CONCURRENCY=MANY, **settings)
        defaults: dict[str, t.Any] = {
            "domain": getattr(function, kind),
            "client_id": "the-client",
            "client_secret": "the-client-secret",
            "secret": SECRET,
            "scope": "openid profile email offline_access",
        }
        add_views(app, Auth0(app, **{**defaults, **options}))
        return app

    return make


@pytest.fixture
def app(make_own: MakeOwn, kind: str) -> Flask:
    return make_own(kind)


@pytest.fixture
def places(app: Flask, tenants: dict[str, TenantServer]) -> Places:
    """Both hosts, as one browser sees them."""
    client = app.test_client()
    first, second = (Place(client, h, tenants[h]) for h in (FIRST, SECOND))
    return first, second
