"""The test app in worker processes, which tell who answers what."""

from __future__ import annotations

import os

from flask import Flask, request
from flask.typing import ResponseReturnValue

from flask_auth0 import Auth0
from tests.harness import app as harness


def create_app() -> Flask:
    """The app of the harness, whose workers say which requests they have."""
    app = harness.create_app()

    @app.before_request
    def tell() -> None:
        if "name" in request.args:
            print(f"worker {os.getpid()} has {request.args['name']}.", flush=True)

    @app.get("/id")
    def current_id() -> ResponseReturnValue:
        return {"id": Auth0().sessions.current_id}

    return app
