"""Discovery and keys, as a client that knows nothing finds them."""

from __future__ import annotations

from joserfc import jwt
from joserfc.jwk import KeySet

from flask_auth0.tenant import Tenant, TenantServer
from tests.tenant.flow import Flow


def test_discovery(flow: Flow, server: TenantServer) -> None:
    document = flow.http.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == f"https://{server.domain}/"
    assert document["authorization_endpoint"] == f"{server.url}/authorize"
    assert document["end_session_endpoint"] == f"{server.url}/oidc/logout"
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True
    assert document["flask_auth0_development_tenant"] is True


def test_end_session_endpoint_can_be_hidden(flow: Flow, tenant: Tenant) -> None:
    tenant.publish_end_session_endpoint = False
    document = flow.http.get("/.well-known/openid-configuration").json()
    assert "end_session_endpoint" not in document


def test_published_keys_verify_the_id_token(flow: Flow) -> None:
    jwks = flow.http.get("/.well-known/jwks.json").json()
    assert all("d" not in key for key in jwks["keys"])
    token = jwt.decode(
        flow.tokens()["id_token"], KeySet.import_key_set(jwks), ["RS256"]
    )
    assert token.header["kid"] == jwks["keys"][0]["kid"]


def test_picture_is_escaped(flow: Flow) -> None:
    response = flow.http.get("/pictures/<a.svg")
    assert response.headers["content-type"].startswith("image/svg+xml")
    assert "&lt;a" in response.text


def test_other_hosts_are_refused(flow: Flow) -> None:
    response = flow.http.get("/admin", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "csrf_token" not in response.text


def test_malformed_host_is_no_traceback(flow: Flow) -> None:
    response = flow.http.get("/admin", headers={"Host": "[::1"})
    assert response.status_code == 400
