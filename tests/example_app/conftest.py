"""Fixtures: the example app with its embedded tenant, in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from unittest import mock

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from example_app import create_app, embedded_tenant
from flask_auth0.tenant import Tenant, TenantServer
from tests.harness.browser import Browser


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder without ``.env``, and an environment that is restored afterwards."""
    monkeypatch.chdir(tmp_path)
    with mock.patch.dict(os.environ):
        os.environ.pop("FLASK_SKIP_DOTENV", None)
        # A machine that runs tests may stand still for some seconds.
        os.environ["AUTH0_SESSION_STORE_TIMEOUT"] = "30"
        yield


@pytest.fixture
def app() -> Flask:
    return create_app({"TESTING": True})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def server(app: Flask) -> TenantServer:
    return embedded_tenant.running_server()


@pytest.fixture
def tenant(server: TenantServer) -> Iterator[Tenant]:
    """The embedded tenant, which lets Ada in without asking."""
    server.tenant.next_login = "auth0|ada"
    yield server.tenant
    server.tenant.extra_claims.clear()


@pytest.fixture
def browser(app: Flask, tenant: Tenant, server: TenantServer) -> Iterator[Browser]:
    """A browser at the app, which listens on a real port."""
    listening = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{listening.server_port}"
    with Browser(url, server.ca_file) as browser:
        yield browser
    listening.shutdown()
    listening.server_close()
