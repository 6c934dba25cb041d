"""Where a tenant listens, and how it stops."""

from __future__ import annotations

import os
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.tenant.flow import CALLBACK, Flow, code_of

ELSEWHERE = ["0.0.0.0", "", "::", "192.0.2.1", "example.com"]  # noqa: S104


@pytest.mark.parametrize("host", ELSEWHERE)
def test_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match=f"not to '{host}'"):
        TenantServer(Tenant(), host=host)


def test_environment(server: TenantServer, tenant: Tenant) -> None:
    environment = server.environment()
    assert environment["AUTH0_DOMAIN"] == server.domain
    assert environment["AUTH0_CLIENT_SECRET"] == tenant.client.client_secret
    assert os.environ["SSL_CERT_FILE"] == environment["SSL_CERT_FILE"]
    # As an app would see it: no settings but that file.
    assert httpx.get(f"{server.url}/.well-known/jwks.json").status_code == 200


def test_secrets_are_not_in_reprs(server: TenantServer, tenant: Tenant) -> None:
    for thing in (server, tenant, tenant.client):
        assert tenant.client.client_secret not in repr(thing)


def test_bundle_has_public_roots_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with TenantServer(Tenant()) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
    assert len(context.get_ca_certs()) > 50


def test_bundle_has_what_this_process_trusts(
    server: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
    before = ssl.create_default_context(cafile=server.ca_file).get_ca_certs()
    with TenantServer(Tenant()) as another:
        after = ssl.create_default_context(cafile=another.ca_file).get_ca_certs()
    assert len(after) == len(before) + 1
    assert all(each in after for each in before)


def test_stopping_removes_the_bundle_and_closes_connections() -> None:
    server = TenantServer(Tenant())
    server.start()
    ca_file = server.ca_file
    with Flow(server) as flow:
        assert flow.http.get("/admin").status_code == 200
        server.stop()
        assert not os.path.exists(ca_file)
        with pytest.raises(httpx.TransportError):
            flow.http.get("/admin")
    with pytest.raises(RuntimeError, match="not running"):
        server.environment()


def test_starting_again_keeps_the_address() -> None:
    server = TenantServer(Tenant())
    with server:
        domain = server.domain
        with pytest.raises(RuntimeError, match="running already"):
            server.start()
    with server, Flow(server) as flow:
        assert server.domain == domain
        assert flow.http.get("/admin").status_code == 200


def test_port_in_use(server: TenantServer) -> None:
    port = int(server.domain.partition(":")[2])
    with pytest.raises(OSError, match="in use"):
        TenantServer(Tenant(), port=port).start()


def test_without_trustme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(RuntimeError, match=r"pip install 'flask-auth0-server\[demo\]'"):
        TenantServer(Tenant()).start()


def test_connections_are_kept_alive(flow: Flow) -> None:
    streams = {
        id(flow.http.get(path).extensions["network_stream"])
        for path in ("/admin", "/missing", "/.well-known/jwks.json")
    }
    assert len(streams) == 1


def test_unread_bodies_do_not_disturb_the_next_request(flow: Flow) -> None:
    for _ in range(3):
        assert flow.http.post("/missing", content=b"x" * 50_000).status_code == 404
    assert flow.http.post("/missing", content=b"x" * 1_000_001).status_code in (
        404,
        413,
    )
    assert flow.http.get("/admin").status_code == 200


def test_target_that_is_no_url(flow: Flow) -> None:
    target = {"target": b"http://[bad/"}
    response = flow.http.get("/", extensions=target)
    assert response.status_code == 400


def test_request_log_has_no_queries(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "werkzeug")
    with TenantServer(Tenant(), request_log=True) as server, Flow(server) as flow:
        flow.authorize(login_hint="ada@example.com")
    assert '"GET /authorize" 403' in caplog.text
    assert "ada" not in caplog.text


def test_no_request_log_by_default(
    flow: Flow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    tokens = flow.tokens()
    assert not [r for r in caplog.records if r.name == "werkzeug"]
    assert tokens["refresh_token"] not in caplog.text


def test_silent_client_keeps_nobody_waiting(server: TenantServer, flow: Flow) -> None:
    port = int(server.domain.partition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):
        assert flow.http.get("/admin").status_code == 200


def test_plain_front_channel() -> None:
    tenant = Tenant([Client(callbacks=[CALLBACK])])
    with (
        TenantServer(tenant, plain_front_channel=True) as server,
        Flow(server) as flow,
        httpx.Client(base_url=server.front_channel_url) as browser,
    ):
        document = flow.http.get("/.well-known/openid-configuration").json()
        front = server.front_channel_url
        assert front.startswith("http://127.0.0.1:")
        assert document["authorization_endpoint"] == f"{front}/authorize"
        assert document["end_session_endpoint"] == f"{front}/oidc/logout"
        assert document["token_endpoint"] == f"{server.url}/oauth/token"
        assert document["issuer"] == f"{server.url}/"
        page = browser.get("/authorize", params=flow.parameters())
        flow.http, backend = browser, flow.http
        response = flow.choose(page, person="auth0|ada")
        assert "Secure" not in response.headers["set-cookie"]
        flow.http = backend
        tokens = flow.exchange(code_of(response)).json()
        claims = tenant.keys.claims(tokens["id_token"])
        assert claims is not None
        assert claims["iss"] == f"{server.url}/"
        assert claims["picture"].startswith(front)


def test_50_people_at_the_same_time(server: TenantServer, tenant: Tenant) -> None:
    def log_in(number: int) -> tuple[str, str]:
        email = f"person{number}@example.com"
        with Flow(server) as flow:
            code = code_of(flow.choose(flow.authorize(), email=email))
            tokens = flow.exchange(code).json()
            tokens = flow.refresh(tokens["refresh_token"]).json()
            return email, flow.userinfo(tokens["access_token"]).json()["email"]

    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(log_in, range(50)))
    assert all(asked == got for asked, got in results)
    assert len({session.sid for session in tenant.sessions()}) == 50


def test_one_of_50_redeems_a_code(server: TenantServer, flow: Flow) -> None:
    code = flow.log_in()
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: flow.exchange(code).status_code, range(50)))
    assert statuses.count(200) == 1
