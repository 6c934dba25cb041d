"""What this app is set to where a deployment says nothing else."""

from __future__ import annotations

import os

ROLES_CLAIM = "https://example-app.test/roles"


def defaults() -> dict[str, str]:
    return {
        # Cookies ignore ports: another program on this host may use "session".
        "SESSION_COOKIE_NAME": "example_app_session",
        # The configuration wins over the environment, which wins over this app.
        "AUTH0_ROLES_CLAIM": os.environ.get("AUTH0_ROLES_CLAIM") or ROLES_CLAIM,
    }
