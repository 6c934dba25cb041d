"""The time of the extension is that of the app's own tests."""

from __future__ import annotations

from tests.harness.scripts import run_script

SCRIPT = """
    import time
    from unittest import mock
    from flask import Flask
    from flask_auth0 import Auth0, current_user
    from flask_auth0.testing import logged_in_client

    app = Flask(__name__)
    app.config["TESTING"] = True
    settings = {"domain": "tenant.example.com", "client_id": "a", "client_secret": "b"}
    Auth0(app, **settings, secret="c")

    @app.get("/")
    def home():
        return str(bool(current_user))

    client = logged_in_client(app)
    assert client.get("/").text == "True"
    later = time.time() + 10 * 86400
    with mock.patch("time.time", lambda: later):
        assert client.get("/").text == "False"
"""


def test_a_test_that_replaces_the_time_moves_ours() -> None:
    run_script(SCRIPT)
