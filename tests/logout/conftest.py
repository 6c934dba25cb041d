"""What a tenant of these tests publishes."""

from __future__ import annotations

import pytest

from flask_auth0.tenant import TenantServer


@pytest.fixture
def without_endpoint(tenant: TenantServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tenant publish no ``end_session_endpoint``."""
    monkeypatch.setattr(tenant.tenant, "publish_end_session_endpoint", False)
