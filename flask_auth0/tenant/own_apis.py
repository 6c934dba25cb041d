"""The tenant's own APIs: their audiences and their scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tenant import Tenant

_METHODS = ("create", "read", "update", "delete")
MY_ACCOUNT_SCOPES = frozenset(
    {
        "read:me:factors",
        *(f"{verb}:me:connected_accounts" for verb in _METHODS),
        # The SDK spells it with hyphens in one place.
        *(f"{verb}:me:authentication_methods" for verb in _METHODS),
        *(f"{verb}:me:authentication-methods" for verb in _METHODS),
    }
)
MFA_SCOPES = frozenset({"enroll", "read:authenticators", "remove:authenticators"})


def my_account(tenant: Tenant) -> str:
    """The audience of the My Account API."""
    return f"{tenant.issuer}me/"


def mfa(tenant: Tenant) -> str:
    """The audience of the MFA API."""
    return f"{tenant.issuer}mfa/"


def session_transfer(tenant: Tenant) -> str:
    """The audience of tokens that hand a session over."""
    return f"urn:{tenant.url.removeprefix('https://')}:session_transfer"


def scopes_of_own_api(tenant: Tenant, audience: str) -> frozenset[str] | None:
    """The scopes of one of the tenant's own APIs, or ``None`` if it is not one."""
    own: dict[str, frozenset[str]] = {
        my_account(tenant): MY_ACCOUNT_SCOPES,
        mfa(tenant): MFA_SCOPES,
        session_transfer(tenant): frozenset(),
        # What the SDK asks for to link accounts.
        "my-account": frozenset(),
    }
    return own.get(audience)
