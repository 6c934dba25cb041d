"""Rich authorization requests (RFC 9396): what an app asks for beyond scopes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from authlib.oauth2 import OAuth2Error


class InvalidAuthorizationDetails(OAuth2Error):
    """They are not what RFC 9396 asks for."""

    error: str = "invalid_authorization_details"
    status_code = 400


def requested_details(parameters: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """The ``authorization_details`` of a request, each with its type."""
    text = parameters.get("authorization_details")
    if not text:
        return ()
    try:
        details = json.loads(text)
    except ValueError:
        details = None
    if not isinstance(details, list) or not all(map(_has_type, details)):
        raise InvalidAuthorizationDetails(
            "The authorization_details are no JSON array of objects with a type."
        )
    return tuple(details)


def _has_type(detail: Any) -> bool:
    return isinstance(detail, dict) and isinstance(detail.get("type"), str)
