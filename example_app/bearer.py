"""Access tokens in the Authorization header: who may call the API."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import Any

import httpx
import jwt
from flask import Flask, Response, current_app, g, jsonify, request
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError

from .extensions import auth0

LEEWAY = 10
TIMEOUT = 5.0


class KeysUnavailable(Exception):
    """The tenant's public keys cannot be had at the moment."""


class AccessTokenVerifier:
    """Checks access tokens that one tenant issued for one API."""

    def __init__(self, domain: str, audience: str) -> None:
        self.domain = domain
        self.audience = audience

    def verify(self, token: str) -> dict[str, Any]:
        """Return the claims of *token*, or raise PyJWTError or KeysUnavailable."""
        key_id = jwt.get_unverified_header(token).get("kid", "")
        return jwt.decode(
            token,
            self._public_key(key_id).key,
            algorithms=["RS256"],
            audience=self.audience,
            issuer=self._metadata["issuer"],
            leeway=LEEWAY,
            options={"require": ["aud", "exp", "iss", "sub"]},
        )

    def _public_key(self, key_id: str) -> jwt.PyJWK:
        try:
            return self._key_set.get_signing_key(key_id)
        except (PyJWKClientConnectionError, ValueError) as error:
            raise KeysUnavailable from error

    @cached_property
    def _key_set(self) -> jwt.PyJWKClient:
        key_set = jwt.PyJWKClient(self._metadata["jwks_uri"], timeout=TIMEOUT)
        # A key that the tenant has just begun to use is good at once.
        key_set.cooldown_duration = 1
        return key_set

    @cached_property
    def _metadata(self) -> dict[str, str]:
        url = f"https://{self.domain}/.well-known/openid-configuration"
        try:
            document = httpx.get(url, timeout=TIMEOUT).raise_for_status().json()
            return {name: str(document[name]) for name in ("issuer", "jwks_uri")}
        except (httpx.HTTPError, LookupError, TypeError, ValueError) as error:
            raise KeysUnavailable from error


def init_app(app: Flask) -> None:
    with app.app_context():
        config = auth0.config
    app.extensions["api_verifier"] = config.audience and AccessTokenVerifier(
        config.domain, config.audience
    )


def require_bearer_token() -> Response | None:
    """Let a request through that carries a token for this API."""
    verifier: AccessTokenVerifier | None = current_app.extensions["api_verifier"]
    credentials = request.authorization
    if verifier is None:
        return _unavailable("Set AUTH0_AUDIENCE to the identifier of this API.")
    if credentials is None or credentials.type != "bearer" or not credentials.token:
        return _unauthorized("Bearer", "An access token is needed.")
    try:
        g.access_token_claims = verifier.verify(credentials.token)
    except KeysUnavailable:
        return _unavailable("The tenant's keys cannot be had at the moment.")
    except PyJWTError:
        challenge = 'Bearer error="invalid_token"'
        return _unauthorized(challenge, "This access token is not good here.")
    return None


def _unauthorized(challenge: str, description: str) -> Response:
    response = jsonify(error="unauthorized", error_description=description)
    response.status_code = HTTPStatus.UNAUTHORIZED
    response.headers["WWW-Authenticate"] = challenge
    return response


def _unavailable(description: str) -> Response:
    response = jsonify(error="unavailable", error_description=description)
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    response.headers["Retry-After"] = "10"
    return response
