"""A tenant that misbehaves on demand, and what the doctor finds."""

from __future__ import annotations

import pytest

from tests.harness.provider import Provider


@pytest.fixture(scope="session")
def tenant_server(provider_server: Provider) -> Provider:
    """The tenant of these tests misbehaves on demand."""
    return provider_server
