"""``/.well-known/webfinger``: which e-mail domains log in elsewhere."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request

from .context import get_tenant

blueprint: Blueprint = Blueprint("enterprise", __name__)

_DOMAIN = "urn:auth0:discovery:domain:"
_ISSUER = "http://openid.net/specs/connect/1.0/issuer"


@blueprint.get("/.well-known/webfinger")
def webfinger() -> dict[str, Any]:
    tenant, resource = get_tenant(), request.args.get("resource", "")
    if not resource.startswith(_DOMAIN) or request.args.get("rel") != _ISSUER:
        abort(400, "Only the issuer of an e-mail domain can be asked for.")
    if tenant.organizations.of_email(f"@{resource.removeprefix(_DOMAIN)}") is None:
        abort(404, "No organization has that e-mail domain.")
    return {
        "subject": resource,
        "links": [{"rel": _ISSUER, "href": tenant.issuer}],
    }
