"""Which claims a person's tokens carry, by scope."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from .model import Person
    from .records import Authorization
    from .tenant import Tenant


def user_claims(tenant: Tenant, person: Person, scope: str) -> dict[str, Any]:
    """What ``/userinfo`` and the ID token say about a person."""
    scopes = scope.split()
    claims: dict[str, Any] = {"sub": person.sub}
    if "profile" in scopes:
        claims |= {
            "name": person.name,
            "nickname": person.nickname or person.email.partition("@")[0],
            "picture": person.picture or picture_url(tenant, person),
            "updated_at": person.updated_at,
        }
    if "email" in scopes:
        claims |= {"email": person.email, "email_verified": person.email_verified}
    return claims


def picture_url(tenant: Tenant, person: Person) -> str:
    return f"{tenant.front_channel_url}/pictures/{quote(person.initials, safe='')}.svg"


def id_token_claims(
    tenant: Tenant,
    authorization: Authorization,
    scope: str,
    nonce: str | None,
    now: int,
) -> dict[str, Any]:
    claims = {
        "iss": tenant.issuer,
        "aud": authorization.client.client_id,
        "iat": now,
        "exp": now + tenant.lifetimes.id_token,
        "sid": authorization.sid,
        **user_claims(tenant, authorization.person, scope),
        **organization_claims(authorization.organization),
    }
    if nonce:
        claims["nonce"] = nonce
    if authorization.max_age_requested:
        claims["auth_time"] = authorization.auth_time
    return claims | tenant.extra_claims


def organization_claims(organization: str | None) -> dict[str, str]:
    """An organization may be asked for by its id or by its name."""
    if not organization:
        return {}
    name = organization.removeprefix("org_").lower()
    by_id = organization.startswith("org_")
    return {"org_id": organization if by_id else f"org_{name}", "org_name": name}


def access_token_claims(
    tenant: Tenant, authorization: Authorization, scope: str, audience: str, now: int
) -> dict[str, Any]:
    audiences = [audience]
    if "openid" in scope.split():
        audiences.append(f"{tenant.issuer}userinfo")
    claims = {
        "iss": tenant.issuer,
        "sub": authorization.person.sub,
        "aud": audiences,
        "iat": now,
        "exp": now + tenant.lifetimes.access_token,
        "scope": scope,
        "azp": authorization.client.client_id,
        "jti": secrets.token_urlsafe(12),
        **organization_claims(authorization.organization),
    }
    if tenant.access_token_padding:
        claims["padding"] = random_padding(tenant.access_token_padding)
    return claims


def random_padding(length: int) -> str:
    """So many bytes that no compression makes smaller."""
    return secrets.token_urlsafe(length)[:length]
