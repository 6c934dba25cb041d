"""Clients that show a certificate in the TLS handshake (RFC 8705)."""

from __future__ import annotations

import ssl
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from flask_auth0.tenant import Client, Tenant, TenantServer
from flask_auth0.tenant.certificates import ClientCertificate
from flask_auth0.tenant.model import AuthMethod
from tests.tenant.flow import AUDIENCE, CALLBACK, Flow, exchange_form

METHODS: list[AuthMethod] = ["tls_client_auth", "self_signed_tls_client_auth"]


def connection(server: TenantServer, shown: ClientCertificate | None) -> httpx.Client:
    """As the SDK does it: a client whose TLS context has the certificate."""
    context = ssl.create_default_context(cafile=server.ca_file)
    if shown:
        context.load_cert_chain(shown.certificate, shown.key)
    return httpx.Client(verify=context, timeout=20)


def endpoints(flow: Flow) -> Any:
    document = flow.http.get("/.well-known/openid-configuration").json()
    return document["mtls_endpoint_aliases"]


def redeem(flow: Flow, shown: ClientCertificate | None, code: str) -> httpx.Response:
    form = exchange_form(code, client_id=flow.client.client_id)
    with connection(flow.server, shown) as http:
        return http.post(endpoints(flow)["token_endpoint"], data=form)


@pytest.mark.parametrize("method", METHODS)
def test_a_certificate_instead_of_a_secret(
    server: TenantServer, flow: Flow, method: AuthMethod
) -> None:
    server.tenant.client.token_endpoint_auth_method = method
    shown = server.client_certificate()
    assert "AUTH0_CLIENT_SECRET" not in server.environment()
    response = redeem(flow, shown, flow.log_in())
    assert response.status_code == 200, response.text
    assert redeem(flow, None, "made-up").status_code == 401
    assert flow.exchange("made-up").status_code == 401


@pytest.mark.parametrize("method", METHODS)
def test_tokens_are_bound_to_the_certificate(
    server: TenantServer, tenant: Tenant, flow: Flow, method: AuthMethod
) -> None:
    tenant.client.token_endpoint_auth_method = method
    shown = server.client_certificate()
    code = flow.log_in(audience=AUDIENCE)
    token = redeem(flow, shown, code).json()["access_token"]
    claims = tenant.keys.claims(token)
    assert claims is not None
    der = ssl.PEM_cert_to_DER_cert(Path(shown.certificate).read_text())
    expected = urlsafe_b64encode(sha256(der).digest()).rstrip(b"=").decode()
    assert claims["cnf"] == {"x5t#S256": expected}
    bearer = {"Authorization": f"Bearer {token}"}
    for certificate, status in ((shown, 200), (None, 401)):
        with connection(server, certificate) as http:
            url = endpoints(flow)["userinfo_endpoint"]
            assert http.get(url, headers=bearer).status_code == status
    assert flow.userinfo(token).status_code == 401


def test_tokens_need_not_be_bound(
    server: TenantServer, tenant: Tenant, flow: Flow
) -> None:
    tenant.client.token_endpoint_auth_method = "tls_client_auth"
    tenant.client.tls_client_certificate_bound_access_tokens = False
    shown = server.client_certificate()
    code = flow.log_in(audience=AUDIENCE)
    token = redeem(flow, shown, code).json()["access_token"]
    claims = tenant.keys.claims(token)
    assert claims is not None
    assert "cnf" not in claims
    assert flow.userinfo(token).status_code == 200


@pytest.mark.parametrize("method", METHODS)
def test_a_certificate_of_another_client(
    server: TenantServer, tenant: Tenant, flow: Flow, method: AuthMethod
) -> None:
    tenant.client.token_endpoint_auth_method = method
    other = Client(callbacks=[CALLBACK], token_endpoint_auth_method=method)
    tenant.clients.append(other)
    server.client_certificate()
    theirs = server.client_certificate(other)
    response = redeem(flow, theirs, "made-up")
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("method", "other"), [METHODS, METHODS[::-1]], ids=["signed", "self-signed"]
)
def test_the_other_kind_of_certificate(
    server: TenantServer, flow: Flow, method: AuthMethod, other: AuthMethod
) -> None:
    client = server.tenant.client
    client.token_endpoint_auth_method = other
    shown = server.client_certificate()
    client.token_endpoint_auth_method = method
    server.client_certificate()
    assert redeem(flow, shown, "made-up").status_code == 401


def test_a_certificate_that_nobody_knows(
    server: TenantServer, flow: Flow, tmp_path: Path
) -> None:
    server.tenant.client.token_endpoint_auth_method = "self_signed_tls_client_auth"
    server.client_certificate()
    unknown = trustme.CA()
    (tmp_path / "cert.pem").write_bytes(unknown.cert_pem.bytes())
    (tmp_path / "key.pem").write_bytes(unknown.private_key_pem.bytes())
    shown = ClientCertificate(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    with pytest.raises(httpx.TransportError):
        redeem(flow, shown, "made-up")


def test_a_certificate_of_a_client_with_a_secret(
    server: TenantServer, tenant: Tenant, flow: Flow
) -> None:
    tenant.client.token_endpoint_auth_method = "tls_client_auth"
    shown = server.client_certificate()
    tenant.client.token_endpoint_auth_method = "client_secret_post"
    assert redeem(flow, shown, "made-up").status_code == 401
    with pytest.raises(ValueError, match="shows no certificate"):
        server.client_certificate()


def test_a_header_is_no_certificate(
    server: TenantServer, tenant: Tenant, flow: Flow
) -> None:
    tenant.client.token_endpoint_auth_method = "self_signed_tls_client_auth"
    shown = server.client_certificate()
    pem = Path(shown.certificate).read_text().replace("\n", "")
    response = flow.http.post(
        "/oauth/token",
        data=exchange_form("made-up", client_id=tenant.client.client_id),
        headers={"SSL-Client-Cert": pem, "SSL_CLIENT_CERT": pem},
    )
    assert response.status_code == 401


def test_nobody_shows_certificates(flow: Flow) -> None:
    document = flow.http.get("/.well-known/openid-configuration").json()
    assert "mtls_endpoint_aliases" not in document


def test_a_client_that_is_registered_with_its_certificate(tmp_path: Path) -> None:
    made = trustme.CA().issue_cert("client.invalid")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.cert_chain_pems[0].bytes())
    key.write_bytes(made.private_key_pem.bytes())
    client = Client(
        callbacks=[CALLBACK],
        token_endpoint_auth_method="self_signed_tls_client_auth",
        certificates=[certificate.read_text()],
    )
    with TenantServer(Tenant([client])) as server, Flow(server) as flow:
        shown = ClientCertificate(str(certificate), str(key))
        response = redeem(flow, shown, flow.log_in())
        assert response.status_code == 200, response.text
