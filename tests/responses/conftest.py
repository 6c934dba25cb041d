"""An app whose responses are as large as a test wants them."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from flask import Flask, Response, redirect, request

from flask_auth0 import Auth0
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

if t.TYPE_CHECKING:
    pass


OFFLINE, API = "openid profile email offline_access", "https://api.example.com"


@pytest.fixture
def padding() -> dict[str, str]:
    """Headers that the app puts on its pages."""
    return {}


@pytest.fixture
def make_own_app(make_app: MakeApp, padding: dict[str, str]) -> MakeApp:
    def make(config: dict[str, t.Any] | None = None, **options: t.Any) -> Flask:
        app = make_app(config, **{"scope": OFFLINE, "audience": API, **options})
        auth0 = Auth0()

        @app.route("/refresh", methods=["GET", "POST"])
        def refresh() -> str:
            return auth0.get_access_token(force_refresh=True)

        @app.get("/token")
        def token() -> str:
            return auth0.get_access_token()

        @app.get("/fill/<int:size>")
        def fill(size: int) -> str:
            auth0.update_session(filling=secrets.token_urlsafe(size)[:size])
            return "filled"

        @app.get("/stream")
        def stream() -> Response:
            auth0.get_access_token(force_refresh=True)
            return Response(iter(["streamed"]))

        @app.get("/away")
        def away() -> t.Any:
            auth0.get_access_token(force_refresh=True)
            return redirect("/" + "x" * 100)

        @app.after_request
        def pad(response: Response) -> Response:
            is_spared = request.path == "/callback" and "Callback" not in padding
            if request.path != "/login" and not is_spared:
                response.headers.update(padding)
            return response

        return app

    return make


@pytest.fixture
def app(make_own_app: MakeApp) -> Flask:
    return make_own_app()


@pytest.fixture
def visitor(app: Flask, make_visitor: MakeVisitor) -> Visitor:
    return make_visitor(app)
