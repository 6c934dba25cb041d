"""Logout tokens: who gets one, and what it says."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from queue import Queue

import pytest
from flask import Flask, request
from joserfc import jwt
from joserfc.jwk import KeySet

from flask_auth0.tenant import Client, Tenant
from flask_auth0.tenant.wsgi import ConnectionTrackingServer
from tests.tenant.flow import LOGOUT_URL, Flow
from tests.tenant.serving import serving


class App:
    """An app that takes logout tokens and answers as it is told."""

    def __init__(self) -> None:
        self.tokens: Queue[str] = Queue()
        self.status = 200
        self.flask = Flask(__name__)
        self.flask.post("/backchannel-logout")(self.backchannel_logout)
        self.url = ""

    def backchannel_logout(self) -> tuple[str, int]:
        assert request.mimetype == "application/x-www-form-urlencoded"
        self.tokens.put(request.form["logout_token"])
        return "", self.status


@pytest.fixture
def app(tenant: Tenant) -> Iterator[App]:
    app = App()
    with serving(ConnectionTrackingServer("127.0.0.1", 0, app.flask)) as server:
        app.url = f"http://127.0.0.1:{server.port}/backchannel-logout"
        tenant.client.backchannel_logout_url = app.url
        yield app


def test_logout_token(app: App, flow: Flow, tenant: Tenant) -> None:
    flow.log_in()
    (session,) = tenant.sessions()
    (delivery,) = tenant.end_session(session.sid)
    assert delivery.delivered
    assert delivery.status == 200
    assert tenant.deliveries == [delivery]
    jwks = KeySet.import_key_set(flow.http.get("/.well-known/jwks.json").json())
    token = jwt.decode(app.tokens.get_nowait(), jwks, ["RS256"])
    assert token.header["typ"] == "logout+jwt"
    claims = token.claims
    assert claims["iss"] == tenant.issuer
    assert claims["aud"] == tenant.client.client_id
    assert claims["sub"] == "auth0|ada"
    assert claims["sid"] == session.sid
    assert claims["jti"]
    assert claims["iat"] <= time.time() < claims["exp"]
    event = "http://schemas.openid.net/event/backchannel-logout"
    assert claims["events"] == {event: {}}
    assert "nonce" not in claims


@pytest.mark.parametrize("path", ["/v2/logout", "/oidc/logout"])
def test_logging_out_tells_the_app(app: App, flow: Flow, path: str) -> None:
    hint = flow.tokens()["id_token"]
    parameters = {"client_id": flow.client.client_id}
    if path == "/oidc/logout":
        parameters["id_token_hint"] = hint
    flow.http.get(path, params=parameters)
    assert app.tokens.get(timeout=10)


def test_only_clients_of_the_session_are_told(
    app: App, flow: Flow, tenant: Tenant
) -> None:
    tenant.clients.append(Client(backchannel_logout_url=app.url))
    flow.log_in()
    (delivery,) = tenant.end_session(tenant.sessions()[0].sid)
    assert delivery.client_id == tenant.client.client_id


def test_session_ends_once(app: App, flow: Flow, tenant: Tenant) -> None:
    flow.log_in()
    sid = tenant.sessions()[0].sid
    assert len(tenant.end_session(sid)) == 1
    assert tenant.end_session(sid) == []


def test_app_that_refuses(app: App, flow: Flow, tenant: Tenant) -> None:
    app.status = 400
    flow.log_in()
    (delivery,) = tenant.end_session(tenant.sessions()[0].sid)
    assert (delivery.status, delivery.delivered) == (400, False)


def test_app_that_is_down(flow: Flow, tenant: Tenant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    tenant.client.backchannel_logout_url = f"http://127.0.0.1:{port}/"
    flow.log_in()
    (delivery,) = tenant.end_session(tenant.sessions()[0].sid)
    assert (delivery.status, delivery.error) == (None, "ConnectError")


def test_slow_app_keeps_nobody_waiting(flow: Flow, tenant: Tenant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        tenant.client.backchannel_logout_url = f"http://127.0.0.1:{port}/"
        flow.log_in()
        response = flow.http.get(f"/v2/logout?client_id={flow.client.client_id}")
        assert response.headers["location"] == LOGOUT_URL
        # Whoever had waited for the app would have waited until it had its time.
        assert tenant.deliveries == []
