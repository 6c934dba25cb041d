"""How strongly somebody has proven who they are: ``acr`` and ``amr``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import Session
    from .tenant import Tenant

#: What apps ask Auth0 for, to have more than one factor.
MULTI_FACTOR = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"


def requested_acr(tenant: Tenant, parameters: Mapping[str, str]) -> list[str]:
    """The classes that a login was asked for, the best first."""
    values = parameters.get("acr_values", "") if tenant.honor_acr_values else ""
    return values.split()


def proven_acr(session: Session, requested: list[str]) -> str | None:
    """The first of the requested classes that the session has."""
    return next((acr for acr in requested if acr in session.acr), None)


def methods_of(acr: str | None) -> tuple[str, ...]:
    return ("mfa",) if acr == MULTI_FACTOR else ()
