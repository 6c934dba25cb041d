"""Makes the codes and tokens that a login leads to."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from .claims import access_token_claims, id_token_claims, random_padding
from .model import OPENID_SCOPES
from .records import Authorization, Credential

if TYPE_CHECKING:
    from .tenant import Tenant


def granted_scope(tenant: Tenant, requested: str, audience: str | None) -> str:
    """The known ones of the requested scopes; an API's need its audience."""
    known = {*OPENID_SCOPES, *(tenant.api_scopes if audience else ())}
    # A dict is an ordered set.
    return " ".join(dict.fromkeys(s for s in requested.split() if s in known))


def issue_tokens(
    tenant: Tenant,
    authorization: Authorization,
    scope: str,
    audience: str | None,
    *,
    with_refresh_token: bool,
) -> dict[str, Any]:
    """A token response, without the ID token."""
    token: dict[str, Any] = {
        "access_token": issue_access_token(tenant, authorization, scope, audience),
        "token_type": "Bearer",
        "expires_in": tenant.lifetimes.access_token,
        "scope": scope,
    }
    if with_refresh_token and "offline_access" in authorization.scope.split():
        token["refresh_token"] = issue_refresh_token(tenant, authorization)
    return token


def issue_access_token(
    tenant: Tenant, authorization: Authorization, scope: str, audience: str | None
) -> str:
    now = time.time()
    if audience:
        value = tenant.keys.sign(
            access_token_claims(tenant, authorization, scope, audience, int(now))
        )
    else:
        value = secrets.token_urlsafe(32) + random_padding(tenant.access_token_padding)
    lifetime = tenant.lifetimes.access_token
    tenant.credentials.save_access_token(
        Credential(value, authorization, scope, now, lifetime, audience)
    )
    return value


def issue_refresh_token(tenant: Tenant, authorization: Authorization) -> str:
    token = Credential(
        value=secrets.token_urlsafe(48),
        authorization=authorization,
        scope=authorization.scope,
        issued_at=time.time(),
        lifetime=tenant.lifetimes.refresh_token,
        audience=authorization.audience,
    )
    tenant.credentials.save_refresh_token(token)
    return token.value


def issue_id_token(
    tenant: Tenant, authorization: Authorization, scope: str, *, nonce: str | None
) -> str:
    now = int(time.time())
    return tenant.keys.sign(id_token_claims(tenant, authorization, scope, nonce, now))
