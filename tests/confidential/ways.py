"""The ways in which an app proves who it is, and apps that use one of them."""

from __future__ import annotations

import typing as t
from collections.abc import Awaitable, Callable

from flask import Flask, jsonify
from werkzeug.wrappers import Response

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.tenant.test_client_assertions import KEYS, private_pem, public_pem

API, OFFLINE = "https://api.example.com", "openid profile email offline_access"

#: What an app does with the SDK's client.
Scene = Callable[[t.Any], Awaitable[t.Any]]


def by_secret(server: TenantServer) -> dict[str, t.Any]:
    return {}


def by_key(server: TenantServer, algorithm: str = "RS256") -> dict[str, t.Any]:
    client = server.tenant.client
    client.token_endpoint_auth_method = "private_key_jwt"
    client.public_keys = [public_pem(KEYS[algorithm])]
    return {
        "client_secret": None,
        "client_assertion_signing_key": private_pem(KEYS[algorithm]),
        "client_assertion_signing_alg": algorithm,
    }


def by_elliptic_key(server: TenantServer) -> dict[str, t.Any]:
    return by_key(server, "ES256")


def by_certificate(server: TenantServer) -> dict[str, t.Any]:
    server.tenant.client.token_endpoint_auth_method = "tls_client_auth"
    return _certificate(server)


def by_own_certificate(server: TenantServer) -> dict[str, t.Any]:
    server.tenant.client.token_endpoint_auth_method = "self_signed_tls_client_auth"
    return _certificate(server)


def _certificate(server: TenantServer) -> dict[str, t.Any]:
    shown = server.client_certificate()
    return {
        "client_secret": None,
        "use_mtls": True,
        "mtls_cert": shown.certificate,
        "mtls_key": shown.key,
    }


WAYS = [by_secret, by_key, by_elliptic_key, by_certificate, by_own_certificate]


def add_views(app: Flask) -> None:
    """Add views that play a scene, which a test puts into the app's config."""
    auth0 = Auth0()

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token()

    @app.get("/session")
    def session() -> t.Any:
        return auth0.get_session() or {}

    @app.get("/sync")
    def sync() -> Response:
        return jsonify(auth0.run(app.config["SCENE"](auth0.client)))

    @app.get("/async")
    async def asynchronous() -> Response:
        return jsonify(await app.config["SCENE"](auth0.client))
