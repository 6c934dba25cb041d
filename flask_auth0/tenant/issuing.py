"""Makes the codes and tokens that a login leads to."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from .apis import api_scopes, find_api
from .claims import access_token_claims, id_token_claims, random_padding
from .client_certificates import bound_thumbprint
from .model import OPENID_SCOPES, Person
from .records import Authorization, Credential

if TYPE_CHECKING:
    from .tenant import Tenant


def granted_scope(
    tenant: Tenant, person: Person, requested: str, audience: str | None
) -> str:
    """The known ones of the requested scopes; an API's need its audience."""
    known = {*OPENID_SCOPES, *api_scopes(tenant, person, audience)}
    api = find_api(tenant, audience) if audience else None
    if api and not api.allow_offline_access:
        known.remove("offline_access")
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
        "token_type": "DPoP" if authorization.jkt else "Bearer",
        "expires_in": access_token_lifetime(tenant, audience),
        "scope": scope,
    }
    if authorization.authorization_details:
        token["authorization_details"] = list(authorization.authorization_details)
    if with_refresh_token and "offline_access" in authorization.scope.split():
        token["refresh_token"] = issue_refresh_token(tenant, authorization)
    return token


def issue_access_token(
    tenant: Tenant, authorization: Authorization, scope: str, audience: str | None
) -> str:
    bound = bound_thumbprint(authorization.client)
    token = Credential(
        value="",
        authorization=authorization,
        scope=scope,
        issued_at=time.time(),
        lifetime=access_token_lifetime(tenant, audience),
        audience=audience,
        certificate=bound,
    )
    if audience and audience != f"{tenant.issuer}userinfo":
        token.value = sign_access_token(tenant, token, audience)
    else:
        padding = random_padding(tenant.access_token_padding)
        token.value = secrets.token_urlsafe(32) + padding
    tenant.credentials.save_access_token(token)
    return token.value


def sign_access_token(tenant: Tenant, token: Credential, audience: str) -> str:
    api = find_api(tenant, audience)
    claims = access_token_claims(tenant, token, audience)
    if api and api.rfc9068:
        claims["client_id"] = claims.pop("azp")
        return tenant.keys.sign(claims, typ="at+jwt")
    return tenant.keys.sign(claims)


def access_token_lifetime(tenant: Tenant, audience: str | None) -> int:
    api = find_api(tenant, audience) if audience else None
    if api is None or api.token_lifetime is None:
        return tenant.lifetimes.access_token
    return api.token_lifetime


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
