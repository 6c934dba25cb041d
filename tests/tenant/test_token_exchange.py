"""Token exchange, and sessions that one app hands to another."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from auth0_server_python.auth_types import (
    CustomTokenExchangeOptions,
    LoginWithCustomTokenExchangeOptions,
)
from auth0_server_python.error import CustomTokenExchangeError

from flask_auth0.tenant import Person, Tenant, TenantServer
from tests.tenant.flow import AUDIENCE, Flow, code_of, location
from tests.tenant.sdk import play, sdk_client

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
LEGACY = "urn:acme:legacy-token"
ADA, GRACE = "auth0|ada", "auth0|grace"


def identify(token: str) -> str | None:
    return GRACE if token == "legacy-grace" else None


@pytest.fixture(autouse=True)
def legacy(tenant: Tenant) -> None:
    tenant.exchange.register(LEGACY, identify)


def exchange(flow: Flow, **changes: str) -> httpx.Response:
    fields = {
        "subject_token_type": LEGACY,
        "subject_token": "legacy-grace",
        "scope": "openid profile",
    }
    return flow.grant(GRANT, **{**fields, **changes})


def test_exchange(flow: Flow, tenant: Tenant) -> None:
    answer = exchange(flow, audience=AUDIENCE).json()
    assert answer["issued_token_type"].endswith(":access_token")
    claims = tenant.keys.claims(answer["id_token"]) or {}
    assert (claims["sub"], "act" in claims) == (GRACE, False)
    assert AUDIENCE in (tenant.keys.claims(answer["access_token"]) or {})["aud"]


def test_person_whom_the_function_makes(flow: Flow, tenant: Tenant) -> None:
    eve = Person("legacy|eve", "Eve", "eve@example.com")
    tenant.exchange.register(LEGACY, lambda token: eve)
    claims = tenant.keys.claims(exchange(flow).json()["id_token"]) or {}
    assert (claims["sub"], claims["name"]) == ("legacy|eve", "Eve")


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_token": "x"},
        {"subject_token_type": "urn:acme:other"},
        {"actor_token": "x", "actor_token_type": LEGACY},
        {"actor_token": "x", "actor_token_type": "urn:acme:other"},
        {"actor_token": "x"},
        {"subject_token": ""},
    ],
)
def test_tokens_that_are_not_good(flow: Flow, changes: dict[str, str]) -> None:
    response = exchange(flow, **changes)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_second_factor(flow: Flow, tenant: Tenant) -> None:
    tenant.mfa.required.add(GRACE)
    assert exchange(flow).json()["error"] == "mfa_required"


def test_with_the_sdk(server: TenantServer, flow: Flow) -> None:
    client = sdk_client(server)
    actor = flow.tokens(ADA)["id_token"]

    async def log_in() -> None:
        token: Any = {"subject_token": "legacy-grace", "subject_token_type": LEGACY}
        acting = {
            "actor_token": actor,
            "actor_token_type": "urn:ietf:params:oauth:token-type:id_token",
        }
        options = CustomTokenExchangeOptions(scope="openid", **{**token, **acting})
        done = await client.custom_token_exchange(options)
        assert done.act["sub"] == ADA
        login = LoginWithCustomTokenExchangeOptions(**token, scope="openid")
        await client.login_with_custom_token_exchange(login)
        assert (await client.get_user())["sub"] == GRACE
        wrong = options.model_copy(update={"subject_token": "x"})
        with pytest.raises(CustomTokenExchangeError, match="Invalid subject_token"):
            await client.custom_token_exchange(wrong)

    play(client, log_in)


def test_session_transfer_with_the_sdk(server: TenantServer, flow: Flow) -> None:
    tenant, client = server.tenant, sdk_client(server)

    async def hand_over() -> None:
        page = flow.http.get(await client.start_interactive_login())
        response = flow.choose(page, person=ADA)
        await client.complete_interactive_login(str(location(response)))
        stt = await client.request_session_transfer_token("legacy-grace", LEGACY)
        assert stt.issued_token_type.endswith(":session_transfer_token")
        assert (stt.token_type, stt.expires_in) == ("N_A", 60)
        with Flow(server) as other:
            token = {"session_transfer_token": stt.session_transfer_token}
            code = code_of(other.authorize(**token))
            claims = tenant.keys.claims(other.exchange(code).json()["id_token"]) or {}
            assert (claims["sub"], claims["act"]["sub"]) == (GRACE, ADA)
        with Flow(server) as other:
            assert other.authorize(**token).status_code == 200

    play(client, hand_over)


def test_session_transfer_needs_an_actor(flow: Flow, tenant: Tenant) -> None:
    domain = tenant.url.removeprefix("https://")
    response = exchange(flow, audience=f"urn:{domain}:session_transfer")
    assert response.json()["error_description"] == "An actor is required"


def test_session_transfer_in_time(flow: Flow, tenant: Tenant) -> None:
    domain, actor = tenant.url.removeprefix("https://"), flow.tokens(ADA)["id_token"]
    tenant.exchange.transfer_lifetime = 0
    token = exchange(
        flow,
        audience=f"urn:{domain}:session_transfer",
        actor_token=actor,
        actor_token_type="urn:ietf:params:oauth:token-type:id_token",
    ).json()["access_token"]
    flow.http.cookies.clear()
    assert flow.authorize(session_transfer_token=token).status_code == 200
