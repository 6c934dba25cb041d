"""Logout tokens as a tenant would make them, and as it would not."""

from __future__ import annotations

import secrets
import time
import typing as t

from werkzeug.test import TestResponse

from flask_auth0.tenant import Tenant
from tests.harness.visitor import HOST, Visitor

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def make_claims(tenant: Tenant, **changes: t.Any) -> dict[str, t.Any]:
    """The claims of a good logout token; ``None`` leaves one out."""
    now = int(time.time())
    claims = {
        "iss": tenant.issuer,
        "aud": tenant.client.client_id,
        "iat": now,
        "exp": now + 120,
        "jti": secrets.token_urlsafe(16),
        "events": {EVENT: {}},
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def make_token(tenant: Tenant, typ: str = "logout+jwt", **changes: t.Any) -> str:
    """A token that the tenant signed."""
    return tenant.keys.sign(make_claims(tenant, **changes), typ)


def post(visitor: Visitor, token: str, **options: t.Any) -> TestResponse:
    """Deliver a token, as the tenant does: without any cookie."""
    client = visitor.app.test_client()
    return client.post(
        "/backchannel-logout",
        base_url=HOST,
        **(options or {"data": {"logout_token": token}}),
    )


def sid_of(visitor: Visitor) -> str:
    """The tenant's id of a visitor's session."""
    return str(visitor.user()["sid"])


def sub_of(visitor: Visitor) -> str:
    """The tenant's id of a visitor."""
    return str(visitor.user()["sub"])
