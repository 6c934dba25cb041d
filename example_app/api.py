"""The protected API: what a caller's access token says, for that caller alone."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue

from .bearer import require_bearer_token

api = Blueprint("api", __name__, url_prefix="/api")
api.before_request(require_bearer_token)


@api.get("/caller")
def caller() -> ResponseReturnValue:
    claims: dict[str, Any] = g.access_token_claims
    return {
        "subject": claims["sub"],
        "client": claims.get("azp", claims.get("client_id")),
        "scope": claims.get("scope", "").split(),
    }


@api.get("/lifetime")
def lifetime() -> ResponseReturnValue:
    claims: dict[str, Any] = g.access_token_claims
    return {
        "expires_at": claims["exp"],
        "seconds_left": max(0, int(claims["exp"] - time.time())),
    }


@api.after_request
def forbid_caching(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
