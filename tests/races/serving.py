"""The test app in worker processes, which tell who answers what."""

from __future__ import annotations

import os

from flask import Flask, request

from tests.harness import app as harness


def create_app() -> Flask:
    """The app of the harness, whose workers say which requests they have."""
    app = harness.create_app()

    @app.before_request
    def tell() -> None:
        if "name" in request.args:
            print(f"worker {os.getpid()} has {request.args['name']}.", flush=True)

    return app
