"""The protected API: what a caller's access token says, for that caller alone."""

from __future__ import annotations

import time

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from flask_auth0 import bearer_required, current_user

api = Blueprint("api", __name__, url_prefix="/api")


@api.before_request
@bearer_required
def require_token() -> None:
    """Let nobody reach the API without a good access token."""


@api.get("/caller")
def caller() -> ResponseReturnValue:
    return {
        "subject": current_user.sub,
        "client": current_user.get("azp", current_user.get("client_id")),
        "scope": current_user.get("scope", "").split(),
    }


@api.get("/lifetime")
def lifetime() -> ResponseReturnValue:
    return {
        "expires_at": current_user["exp"],
        "seconds_left": max(0, int(current_user["exp"] - time.time())),
    }


@api.after_request
def forbid_caching(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
