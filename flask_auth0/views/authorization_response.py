"""The tenant's redirect to the callback, checked before anything in it counts."""

from __future__ import annotations

import json

from flask import request

from ..app_state import AppState
from ..config.urls import is_issuer
from ..errors import LoginFailed

#: Parameters that may be there once (RFC 6749, section 3.1).
_PARAMETERS = ("code", "state", "iss", "error", "error_description")


def content() -> str:
    """Return all that the response says. Two of them that say the same are one."""
    return json.dumps([request.args.get(name) for name in _PARAMETERS])


def refuse_repeated() -> None:
    """Refuse a response that says something twice, and perhaps two things.

    :raises LoginFailed: naming what is repeated.
    """
    repeated = [name for name in _PARAMETERS if len(request.args.getlist(name)) > 1]
    if repeated:
        raise LoginFailed(f"The login came back with more than one {repeated[0]}.")


def refuse_other_issuer(state: AppState) -> None:
    """Refuse a response of another issuer than the tenant (RFC 9207, section 2.4).

    :raises LoginFailed: also when there is none, though the tenant promises one.
    """
    issuer = request.args.get("iss")
    metadata = state.client.discovery.known("metadata") or {}
    promised = metadata.get("authorization_response_iss_parameter_supported") is True
    if issuer is None and not promised:
        return
    if not is_issuer(issuer, state.config.domain):
        raise LoginFailed(
            "The login came back from another login service.",
            remedy=f"The parameter iss does not name {state.config.domain!r}.",
        )
