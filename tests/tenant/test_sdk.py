"""The SDK's own client at the tenant, in the ways that a confidential client has."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import pytest
from auth0_server_python.auth_server import ServerClient
from auth0_server_python.auth_types import StartInteractiveLoginOptions
from auth0_server_python.error import PollingApiError

from flask_auth0.tenant import Tenant, TenantServer
from tests.tenant.flow import AUDIENCE, CALLBACK, Flow, location
from tests.tenant.test_client_assertions import KEYS, private_pem, public_pem


class Memory:
    """A store of the SDK that keeps what it is given."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    async def set(self, identifier: str, value: Any, *_: Any, **__: Any) -> None:
        self._kept[identifier] = value

    async def get(self, identifier: str, *_: Any, **__: Any) -> Any:
        return self._kept.get(identifier)

    async def delete(self, identifier: str, *_: Any, **__: Any) -> None:
        self._kept.pop(identifier, None)


def sdk_client(server: TenantServer, **options: Any) -> Any:
    return ServerClient(
        domain=server.domain,
        client_id=server.tenant.client.client_id,
        secret="s" * 32,
        redirect_uri=CALLBACK,
        transaction_store=Memory(),
        state_store=Memory(),
        authorization_params={
            "scope": "openid profile email offline_access",
            "audience": AUDIENCE,
            "redirect_uri": CALLBACK,
        },
        **options,
    )


async def log_in(client: Any, flow: Flow) -> dict[str, Any]:
    """A whole login and a refresh; returns the claims of the new access token."""
    url = await client.start_interactive_login(StartInteractiveLoginOptions())
    answer = flow.choose(flow.http.get(url), person="auth0|ada")
    await client.complete_interactive_login(str(location(answer)))
    # The SDK would leave its connection to the garbage collector.
    await client._oauth.aclose()
    user = await client.get_user()
    assert user["name"] == "Ada Lovelace"
    session = await client.get_session()
    refreshed = await client.get_token_by_refresh_token(
        {"refresh_token": session["refresh_token"], "audience": AUDIENCE}
    )
    claims = flow.server.tenant.keys.claims(refreshed["access_token"])
    assert claims is not None
    return claims


def by_secret(server: TenantServer) -> dict[str, Any]:
    return {"client_secret": server.tenant.client.client_secret}


def by_key(server: TenantServer) -> dict[str, Any]:
    server.tenant.client.token_endpoint_auth_method = "private_key_jwt"
    server.tenant.client.public_keys = [public_pem(KEYS["ES256"])]
    return {
        "client_assertion_signing_key": private_pem(KEYS["ES256"]),
        "client_assertion_signing_alg": "ES256",
    }


def by_certificate(server: TenantServer) -> dict[str, Any]:
    server.tenant.client.token_endpoint_auth_method = "self_signed_tls_client_auth"
    shown = server.client_certificate()
    context = ssl.create_default_context(cafile=server.ca_file)
    context.load_cert_chain(shown.certificate, shown.key)
    return {"use_mtls": True, "ssl_context": context}


@pytest.mark.parametrize("pushed", [False, True], ids=["in-the-url", "pushed"])
@pytest.mark.parametrize("way", [by_secret, by_key, by_certificate])
def test_a_login(server: TenantServer, flow: Flow, way: Any, pushed: bool) -> None:
    client = server.tenant.client
    options = way(server)
    client.require_pushed_authorization_requests = pushed
    sdk = sdk_client(server, pushed_authorization_requests=pushed, **options)
    claims = asyncio.run(log_in(sdk, flow))
    assert ("cnf" in claims) == (way is by_certificate)


def test_a_login_on_another_device(server: TenantServer, tenant: Tenant) -> None:
    tenant.backchannel_login_interval = 0
    details = [{"type": "payment", "amount": "5 EUR"}]
    options = {
        "login_hint": {"sub": "auth0|grace"},
        "binding_message": "Order 1815",
        "authorization_params": {"authorization_details": json.dumps(details)},
    }

    async def approve_in_between() -> Any:
        sdk = sdk_client(server, **by_secret(server))
        begun = await sdk.initiate_backchannel_authentication(options)
        with pytest.raises(PollingApiError) as raised:
            await sdk.backchannel_authentication_grant(begun["auth_req_id"])
        assert raised.value.code == "authorization_pending"
        tenant.backchannel_logins.approve(tenant.backchannel_logins.pending()[0].id)
        return await sdk.backchannel_authentication_grant(begun["auth_req_id"])

    tokens = asyncio.run(approve_in_between())
    assert tokens["authorization_details"] == details
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    assert claims["sub"] == "auth0|grace"
