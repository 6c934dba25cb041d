"""What the tenant publishes about itself: discovery, keys and pictures."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from . import assertions, client_authentication
from .ciba_grant import GRANT_TYPE as CIBA
from .context import get_tenant
from .model import OPENID_SCOPES

blueprint: Blueprint = Blueprint("metadata", __name__)


@blueprint.get("/.well-known/openid-configuration")
def discovery() -> dict[str, Any]:
    tenant = get_tenant()
    front, back = tenant.front_channel_url, tenant.url
    document: dict[str, Any] = {
        "flask_auth0_development_tenant": True,
        "issuer": tenant.issuer,
        "authorization_endpoint": f"{front}/authorize",
        "token_endpoint": f"{back}/oauth/token",
        "backchannel_authentication_endpoint": f"{back}/bc-authorize",
        "pushed_authorization_request_endpoint": f"{back}/oauth/par",
        "authorization_response_iss_parameter_supported": (
            tenant.authorization_response_iss
        ),
        "userinfo_endpoint": f"{back}/userinfo",
        "jwks_uri": f"{back}/.well-known/jwks.json",
        "revocation_endpoint": f"{back}/oauth/revoke",
        "end_session_endpoint": f"{front}/oidc/logout",
        **_capabilities(),
    }
    if tenant.mtls_url:
        document |= _mutual_tls(tenant.mtls_url)
    if not tenant.publish_end_session_endpoint:
        del document["end_session_endpoint"]
    return document


#: The endpoints where a client may have to show its certificate.
MTLS_PATHS = {
    "token_endpoint": "/oauth/token",
    "revocation_endpoint": "/oauth/revoke",
    "userinfo_endpoint": "/userinfo",
    "pushed_authorization_request_endpoint": "/oauth/par",
    "backchannel_authentication_endpoint": "/bc-authorize",
}


def _mutual_tls(url: str) -> dict[str, Any]:
    return {
        "mtls_endpoint_aliases": {
            name: f"{url}{path}" for name, path in MTLS_PATHS.items()
        },
        "tls_client_certificate_bound_access_tokens": True,
    }


def _capabilities() -> dict[str, Any]:
    return {
        "scopes_supported": list(OPENID_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", CIBA],
        "backchannel_token_delivery_modes_supported": ["poll"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": client_authentication.METHODS,
        "token_endpoint_auth_signing_alg_values_supported": assertions.ALGORITHMS,
        "prompt_values_supported": ["none", "login", "select_account"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


@blueprint.get("/.well-known/jwks.json")
def jwks() -> dict[str, Any]:
    return get_tenant().keys.as_jwks()


@blueprint.get("/pictures/<initials>.svg")
def picture(initials: str) -> Response:
    """A person's picture that needs no network."""
    svg = render_template("flask_auth0_tenant/picture.svg", initials=initials[:2])
    return Response(svg, content_type="image/svg+xml")
