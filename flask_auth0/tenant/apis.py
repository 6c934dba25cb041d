"""Which audiences are APIs, and what a person may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authlib.oauth2.base import invalid_error_characters
from authlib.oauth2.rfc6749 import AccessDeniedError

from .model import Api, Person
from .own_apis import scopes_of_own_api

if TYPE_CHECKING:
    from .tenant import Tenant


def find_api(tenant: Tenant, audience: str) -> Api | None:
    """The API of an audience; one that accepts any name, if none is registered."""
    own = scopes_of_own_api(tenant, audience)
    if own is not None:
        # Auth0's own APIs, such as `/me/` and `/mfa/`, are registered by nobody.
        return Api(audience, own)
    if not tenant.apis or audience.startswith(tenant.issuer):
        return Api(audience, tenant.api_scopes)
    return next((api for api in tenant.apis if api.identifier == audience), None)


def require_api(tenant: Tenant, audience: str | None) -> None:
    """Refuse an audience that is no API, with Auth0's words."""
    if audience and find_api(tenant, audience) is None:
        shown = "".join(c for c in audience if not invalid_error_characters(c))
        # Auth0's token endpoint gives it this status; a redirect has none.
        raise AccessDeniedError(f"Service not found: {shown}", status_code=403)


def api_scopes(tenant: Tenant, person: Person, audience: str | None) -> set[str]:
    """The scopes of an API that a person may be granted."""
    api = find_api(tenant, audience) if audience else None
    if api is None:
        return set()
    if api.rbac:
        return {scope for scope in api.scopes if scope in person.permissions}
    return set(api.scopes)


def permissions(tenant: Tenant, person: Person, audience: str) -> list[str] | None:
    """What a person may do at an API, or ``None`` if its tokens do not say."""
    api = find_api(tenant, audience)
    if tenant.apis:
        if api is None or not api.rbac:
            return None
        return [scope for scope in api.scopes if scope in person.permissions]
    return list(person.permissions) or None
