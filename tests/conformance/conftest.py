"""A provider that misbehaves, and visitors of apps that rely on it."""

from __future__ import annotations

import typing as t

import pytest

from flask_auth0 import Auth0
from tests.harness.provider import Provider
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

if t.TYPE_CHECKING:
    from .modules import Module

OFFLINE = "openid profile email offline_access"


@pytest.fixture(scope="session")
def tenant_server(provider_server: Provider) -> Provider:
    """The tenant of these tests misbehaves."""
    return provider_server


class Stage:
    """A provider, and whatever visitors a module of the plan needs."""

    def __init__(
        self,
        provider: Provider,
        make_app: MakeApp,
        make_visitor: MakeVisitor,
        redis_url: str,
    ) -> None:
        self.provider = provider
        self._make_app, self._make_visitor = make_app, make_visitor
        self._redis = {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}

    def visitor(self, **options: t.Any) -> Visitor:
        """Return somebody at a new app, which knows nothing of the provider yet."""
        always = {"scope": OFFLINE, "timeout": 30, "session_store_timeout": 30}
        app = self._make_app(self._redis, **{**always, **options})

        @app.get("/token")
        def token() -> str:
            return Auth0().get_access_token(force_refresh=True)

        @app.get("/id-token")
        def id_token() -> str:
            return str((Auth0().get_session() or {}).get("id_token"))

        return self._make_visitor(app)

    def guest_of(self, visitor: Visitor) -> Visitor:
        """Return somebody else at the same app."""
        return self._make_visitor(visitor.app)

    def check(self, module: Module, caplog: pytest.LogCaptureFixture) -> None:
        """Play a module: what comes of it is as planned, and no secret is logged."""
        assert module.play is not None
        module.play(self, not module.log)
        told = caplog.text
        assert module.log in told
        assert not [secret for secret in self.provider.secrets if secret in told]


@pytest.fixture
def stage(
    provider: Provider, make_app: MakeApp, make_visitor: MakeVisitor, redis_url: str
) -> Stage:
    return Stage(provider, make_app, make_visitor, redis_url)
