"""The pytest fixture ``auth0_tenant``: a tenant that runs for one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .server import TenantServer


@pytest.fixture
def auth0_tenant(monkeypatch: pytest.MonkeyPatch) -> Iterator[TenantServer]:
    """A running tenant whose certificates this process trusts."""
    with TenantServer() as server:
        monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
        yield server
