"""The settings that an app needs in tests."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import MappingProxyType

#: The four settings that every app has to have, for ``app.config.update(CONFIG)``. No
#: tenant is there, and the secret is another one in each process.
CONFIG: Mapping[str, str] = MappingProxyType(
    {
        "AUTH0_DOMAIN": "tenant.example.com",
        "AUTH0_CLIENT_ID": "test-client-id",
        "AUTH0_CLIENT_SECRET": "test-client-secret",
        "AUTH0_SECRET": secrets.token_hex(32),
    }
)
