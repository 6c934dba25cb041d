"""Which claims a person's tokens carry, by scope."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .apis import permissions

if TYPE_CHECKING:
    from .model import Person
    from .records import Authorization, Credential
    from .tenant import Tenant


#: The scopes of OpenID Connect Core, section 5.4, and their claims.
CLAIMS_OF_SCOPES: dict[str, tuple[str, ...]] = {
    "profile": (
        *("name", "family_name", "given_name", "middle_name", "nickname"),
        *("preferred_username", "profile", "picture", "website", "gender"),
        *("birthdate", "zoneinfo", "locale", "updated_at"),
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}


def user_claims(tenant: Tenant, person: Person, scope: str) -> dict[str, Any]:
    """What ``/userinfo`` and the ID token say about a person."""
    scopes = scope.split()
    claims: dict[str, Any] = {"sub": person.sub}
    if "profile" in scopes:
        claims |= {
            "name": person.name,
            "nickname": person.nickname
            or person.email.partition("@")[0]
            or person.name,
            "picture": person.picture or picture_url(tenant, person),
            "updated_at": person.updated_at,
        }
    if "email" in scopes and person.email:
        claims |= {"email": person.email, "email_verified": person.email_verified}
    return claims | own_claims(person, scopes) | role_claims(tenant, person)


def own_claims(person: Person, scopes: list[str]) -> dict[str, Any]:
    """A person's further claims; standard ones need their scope."""
    missing = [
        claim
        for scope, claims in CLAIMS_OF_SCOPES.items()
        if scope not in scopes
        for claim in claims
    ]
    return {name: value for name, value in person.claims.items() if name not in missing}


def role_claims(tenant: Tenant, person: Person) -> dict[str, Any]:
    return {tenant.roles_claim: list(person.roles)} if tenant.roles_claim else {}


def picture_url(tenant: Tenant, person: Person) -> str:
    return f"{tenant.front_channel_url}/pictures/{quote(person.initials, safe='')}.svg"


def id_token_claims(
    tenant: Tenant,
    authorization: Authorization,
    scope: str,
    nonce: str | None,
    now: int,
) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "iss": tenant.issuer,
        "aud": authorization.client.client_id,
        "iat": now,
        "exp": now + tenant.lifetimes.id_token,
        **user_claims(tenant, authorization.person, scope),
        **organization_claims(tenant, authorization.organization),
    }
    if authorization.sid:
        claims["sid"] = authorization.sid
    if nonce:
        claims["nonce"] = nonce
    if tenant.permissions_claim:
        claims[tenant.permissions_claim] = list(authorization.person.permissions)
    if authorization.acr:
        claims["acr"] = authorization.acr
    if authorization.amr:
        claims["amr"] = list(authorization.amr)
    if authorization.act:
        claims["act"] = dict(authorization.act)
    if authorization.max_age_requested:
        claims["auth_time"] = authorization.auth_time
    return claims | tenant.extra_claims


def organization_claims(tenant: Tenant, organization: str | None) -> dict[str, str]:
    """An organization may be asked for by its id or by its name."""
    if not organization:
        return {}
    registered = tenant.organizations.find(organization)
    if registered:
        return {"org_id": registered.id, "org_name": registered.name}
    name = organization.removeprefix("org_").lower()
    by_id = organization.startswith("org_")
    return {"org_id": organization if by_id else f"org_{name}", "org_name": name}


def access_token_claims(
    tenant: Tenant, token: Credential, audience: str
) -> dict[str, Any]:
    """What an API reads in its access tokens."""
    authorization = token.authorization
    person, now = authorization.person, int(token.issued_at)
    asks_userinfo = "openid" in token.scope.split()
    claims: dict[str, Any] = {
        "iss": tenant.issuer,
        "sub": person.sub,
        "aud": [audience, f"{tenant.issuer}userinfo"] if asks_userinfo else audience,
        "iat": now,
        "exp": now + token.lifetime,
        "scope": token.scope,
        "azp": authorization.client.client_id,
        "jti": secrets.token_urlsafe(12),
        **organization_claims(tenant, authorization.organization),
        **role_claims(tenant, person),
    }
    allowed = permissions(tenant, person, audience)
    if allowed is not None:
        claims["permissions"] = allowed
    if authorization.authorization_details:
        claims["authorization_details"] = list(authorization.authorization_details)
    if token.certificate:
        claims["cnf"] = {"x5t#S256": token.certificate}
    if authorization.jkt:
        claims["cnf"] = {"jkt": authorization.jkt}
    if tenant.access_token_padding:
        claims["padding"] = random_padding(tenant.access_token_padding)
    return claims


def random_padding(length: int) -> str:
    """So many bytes that no compression makes smaller."""
    return secrets.token_urlsafe(length)[:length]
