"""From a view to its tenant and its provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from .provider import Provider
    from .tenant import Tenant

EXTENSION = "flask_auth0_tenant"


def get_provider() -> Provider:
    return cast("Provider", current_app.extensions[EXTENSION])


def get_tenant() -> Tenant:
    return get_provider().tenant
