"""The endpoints that apps call: ``/oauth/token``, ``/oauth/revoke``, ``/userinfo``."""

from __future__ import annotations

import time
from typing import cast

from flask import Blueprint, Response, request

from .context import get_provider, get_tenant
from .records import Failure

blueprint: Blueprint = Blueprint("tokens", __name__)


@blueprint.post("/oauth/token")
def token() -> Response:
    failure = _next_failure()
    if failure:
        time.sleep(failure.delay)
    response = _fail(failure) if failure else None
    if response is None:
        response = cast(Response, get_provider().create_token_response())
    get_tenant().record_token_request(
        request.form.get("grant_type", ""), _outcome(response)
    )
    return response


def _next_failure() -> Failure | None:
    failure = get_tenant().take_failure()
    if failure is None and request.form.get("grant_type") == "refresh_token":
        return get_tenant().take_refresh_failure()
    return failure


def _fail(failure: Failure) -> Response | None:
    if failure.status is None:
        return None
    response = Response(failure.body, failure.status, failure.headers)
    response.content_type = failure.content_type
    return response


def _outcome(response: Response) -> str:
    """``ok``, or the error; a failure made to order may not be JSON."""
    content = response.get_json(silent=True)
    if not isinstance(content, dict):
        return f"status {response.status_code}"
    error: str = content.get("error", "ok")
    return error


@blueprint.post("/oauth/revoke")
def revoke() -> Response:
    response = get_provider().create_endpoint_response("revocation")
    return cast(Response, response)


@blueprint.route("/userinfo", methods=["GET", "POST"])
def userinfo() -> Response:
    return cast(Response, get_provider().create_endpoint_response("userinfo"))
