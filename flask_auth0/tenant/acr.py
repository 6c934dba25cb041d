"""How strongly somebody has proven who they are: ``acr`` and ``amr``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .model import MULTI_FACTOR

if TYPE_CHECKING:
    from .records import Session
    from .tenant import Tenant


def requested_acr(tenant: Tenant, parameters: Mapping[str, str]) -> list[str]:
    """The classes that a login was asked for, the best first."""
    values = parameters.get("acr_values", "") if tenant.honor_acr_values else ""
    return values.split()


def proven_acr(session: Session, requested: list[str]) -> str | None:
    """The first of the requested classes that the session has."""
    return next((acr for acr in requested if acr in session.acr), None)


def methods_of(session: Session) -> tuple[str, ...]:
    return ("mfa",) if MULTI_FACTOR in session.acr else ()
