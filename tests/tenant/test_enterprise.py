"""Logins of people whose organization has its own identity provider."""

from __future__ import annotations

from auth0_server_python.auth_types import StartEnterpriseLoginOptions

from flask_auth0.tenant import Organization, Tenant, TenantServer
from tests.tenant.flow import Flow, location
from tests.tenant.sdk import play, sdk_client

ACME = Organization("org_acme", "acme", domains=("acme.example",))
ISSUER = "http://openid.net/specs/connect/1.0/issuer"


def webfinger(flow: Flow, domain: str, rel: str = ISSUER) -> int:
    parameters = {"resource": f"urn:auth0:discovery:domain:{domain}", "rel": rel}
    return flow.http.get("/.well-known/webfinger", params=parameters).status_code


def test_webfinger(flow: Flow, tenant: Tenant) -> None:
    tenant.organizations.add(ACME)
    assert webfinger(flow, "acme.example") == 200
    assert webfinger(flow, "example.com") == 404
    assert webfinger(flow, "acme.example", "avatar") == 400


def test_with_the_sdk(server: TenantServer, flow: Flow) -> None:
    server.tenant.organizations.add(ACME)
    client = sdk_client(
        server,
        enterprise_connect=True,
        state_store=None,
        authorization_params={"scope": "openid email"},
    )

    async def log_in() -> None:
        options = StartEnterpriseLoginOptions(email="eve@acme.example")
        url = await client.start_enterprise_login(options)
        response = flow.choose(flow.http.get(url), email="eve@acme.example")
        done = await client.complete_interactive_login(str(location(response)))
        assert done["user"]["email"] == "eve@acme.example"
        assert done["user"]["org_id"] == "org_acme"
        unknown = StartEnterpriseLoginOptions(email="ada@example.com")
        assert await client.start_enterprise_login(unknown) is None

    play(client, log_in)
