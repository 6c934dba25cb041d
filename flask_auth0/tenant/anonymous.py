"""``/anonymous/token``: tokens for visitors who have not logged in."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from .anonymous_sessions import AnonymousSession
from .apis import require_api
from .context import get_tenant
from .embedded import Refused, answer_errors, authenticated_client
from .issuing import granted_scope
from .json_forms import members
from .model import Client, Person

blueprint: Blueprint = Blueprint("anonymous", __name__)
answer_errors(blueprint)

#: The audience of a ticket for a login, in the place of an access token.
TRANSFER = "urn:auth0:anon_transfer"
#: How long what an app keeps with a session may be, in bytes of JSON.
METADATA_LIMIT = 1024


@blueprint.post("/anonymous/token")
def token() -> Response:
    client, sessions = authenticated_client(), get_tenant().anonymous
    if not sessions.enabled:
        raise Refused("feature_not_enabled", "Anonymous sessions are not enabled")
    given = request.form.get("session_token")
    value = given or sessions.start(client.client_id, _metadata())
    session = _session(value, client)
    if request.form.get("audience") == TRANSFER:
        ticket = sessions.transfer(session)
        return jsonify(anon_transfer_token=ticket, token_type="N_A", expires_in=30)  # noqa: S106
    answer = _access_token(session)
    return jsonify(answer if given else {**answer, "session_token": value})


def _metadata() -> dict[str, Any]:
    metadata = members().get("metadata") or {}
    if not isinstance(metadata, dict):
        raise Refused("invalid_request", "metadata must be an object", 400)
    if len(json.dumps(metadata).encode()) > METADATA_LIMIT:
        raise Refused("invalid_request", "metadata is too large", 400)
    return metadata


def _session(value: str, client: Client) -> AnonymousSession:
    session = get_tenant().anonymous.get(value)
    if session is None or session.client_id != client.client_id:
        raise Refused("invalid_session_token", "The session_token is not valid", 400)
    if time.time() >= session.expires_at:
        raise Refused("session_expired", "The anonymous session has expired", 400)
    return session


def _access_token(session: AnonymousSession) -> dict[str, Any]:
    tenant, now = get_tenant(), int(time.time())
    audience = request.form.get("audience") or None
    require_api(tenant, audience)
    visitor = Person(session.sub, "", "")
    requested = request.form.get("scope", "")
    scope = granted_scope(tenant, visitor, requested, audience)
    lifetime = tenant.lifetimes.access_token
    claims = {
        "iss": tenant.issuer,
        "sub": session.sub,
        "aud": audience or f"{tenant.issuer}userinfo",
        "iat": now,
        "exp": now + lifetime,
        "scope": scope,
        "azp": session.client_id,
        "jti": secrets.token_urlsafe(12),
    }
    return {
        "access_token": tenant.keys.sign(claims),
        "token_type": "Bearer",
        "expires_in": lifetime,
        "session_expires_in": max(int(session.expires_at) - now, 0),
        "scope": scope,
    }
