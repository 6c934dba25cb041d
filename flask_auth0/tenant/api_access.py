"""Who may call the tenant's own APIs, and what they answer to others."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from .context import get_tenant
from .dpop import InvalidProof, thumbprint_of_proof
from .records import Credential


class Problem(Exception):
    """An answer of the My Account API that is not a success (RFC 9457)."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        fields: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.fields: dict[str, str] = fields or {}

    def response(self) -> Response:
        body: dict[str, Any] = {
            "type": f"https://auth0.com/api-errors#A0E-{self.status}-0001",
            "title": self.title,
            "detail": str(self),
            "status": self.status,
        }
        if self.fields:
            body["validation_errors"] = [
                {"detail": detail, "field": field, "source": "body"}
                for field, detail in self.fields.items()
            ]
        response = jsonify(body)
        response.status_code = self.status
        response.mimetype = "application/problem+json"
        return response


def invalid_body(**fields: str) -> Problem:
    return Problem(400, "Validation Error", "The request is not valid.", fields)


def bearer(audience: str, scope: str) -> Credential:
    """The access token of this request, if it is good for this API."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    token = get_tenant().credentials.access_token(value)
    if token is None or token.used or token.is_expired() or token.audience != audience:
        raise Problem(401, "Unauthorized", "Invalid Token")
    if not _is_proven(token, scheme.lower(), value):
        raise Problem(401, "Unauthorized", "Invalid DPoP proof")
    if scope not in token.scope.split():
        raise Problem(403, "Forbidden", f"Insufficient scope, expected: {scope}")
    return token


def _is_proven(token: Credential, scheme: str, value: str) -> bool:
    if token.authorization.jkt is None:
        return scheme == "bearer"
    try:
        return scheme == "dpop" and thumbprint_of_proof(value) == (
            token.authorization.jkt
        )
    except InvalidProof:
        return False
