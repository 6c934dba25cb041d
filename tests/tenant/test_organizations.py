"""Logins within an organization, and invitations to one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from auth0_server_python.auth_types import StartInteractiveLoginOptions

from flask_auth0.tenant import Organization, Tenant, TenantServer
from tests.tenant.flow import Flow, code_of, location
from tests.tenant.sdk import play, sdk_client

ACME = Organization("org_acme", "acme", "Acme Inc.")
GLOBEX = Organization("org_globex", "globex")
ADA, GRACE = "auth0|ada", "auth0|grace"


@pytest.fixture(autouse=True)
def organizations(tenant: Tenant) -> None:
    tenant.organizations.add(ACME, ADA)
    tenant.organizations.add(GLOBEX, ADA, GRACE)


def claims_of(flow: Flow, response: httpx.Response) -> Any:
    tokens = flow.exchange(code_of(response)).json()
    return flow.server.tenant.keys.claims(tokens["id_token"])


def refusal_of(response: httpx.Response) -> tuple[str, str]:
    assert response.status_code == 302, response.text
    parameters = location(response).params
    assert parameters["state"] == "some-state"
    return parameters["error"], parameters["error_description"]


@pytest.mark.parametrize("organization", ["org_acme", "acme", "ACME"])
def test_by_id_and_by_name(flow: Flow, organization: str) -> None:
    page = flow.authorize(organization=organization)
    assert "Acme Inc." in page.text
    claims = claims_of(flow, flow.choose(page, person=ADA))
    assert (claims["org_id"], claims["org_name"]) == ("org_acme", "acme")


@pytest.mark.parametrize("organization", ["org_other", "Org_acme", "other"])
def test_unknown(flow: Flow, organization: str) -> None:
    response = flow.choose(flow.authorize(organization=organization), person=ADA)
    assert refusal_of(response) == (
        "invalid_request",
        "parameter organization is invalid",
    )


def test_not_a_member(flow: Flow) -> None:
    response = flow.choose(flow.authorize(organization="acme"), person=GRACE)
    error, description = refusal_of(response)
    assert error == "access_denied"
    assert description == "user auth0|grace is not part of the org_acme organization"


def test_token_endpoint_refuses_as_well(flow: Flow) -> None:
    response = flow.passwordless("grace@example.com", organization="org_acme")
    assert (response.status_code, response.json()["error"]) == (403, "access_denied")
    assert flow.passwordless("ada@example.com", organization="acme").status_code == 200


def test_picker(flow: Flow, tenant: Tenant) -> None:
    tenant.client.organization_usage = "require"
    page = flow.choose(flow.authorize(), person=ADA)
    assert "Choose an organization" in page.text
    assert page.text.index("Acme Inc.") < page.text.index("globex")
    claims = claims_of(
        flow, flow.choose(page, step="organization", organization="org_globex")
    )
    assert claims["org_name"] == "globex"
    other = flow.choose(flow.authorize(), step="organization", organization="org_x")
    assert refusal_of(other)[0] == "invalid_request"
    page = flow.choose(flow.authorize(prompt="login"), person="auth0|alan")
    assert refusal_of(page)[0] == "access_denied"


def test_picker_and_second_factor(flow: Flow, tenant: Tenant) -> None:
    tenant.client.organization_usage = "require"
    tenant.mfa.enroll(ADA)
    page = flow.choose(flow.authorize(), person=ADA)
    page = flow.choose(page, step="organization", organization="org_globex")
    assert 'name="organization" value="org_globex"' in page.text
    response = flow.choose(
        page, step="mfa", organization="org_globex", otp=tenant.mfa.code
    )
    assert claims_of(flow, response)["org_id"] == "org_globex"


def test_client_without_organizations(flow: Flow, tenant: Tenant) -> None:
    tenant.client.organization_usage = "deny"
    response = flow.choose(flow.authorize(organization="acme"), person=ADA)
    assert refusal_of(response)[0] == "invalid_request"


# Invitations


@pytest.fixture
def invitation(tenant: Tenant) -> dict[str, str]:
    tenant.client.login_url = "http://127.0.0.1:5000/login"
    link = httpx.URL(tenant.invite("grace@example.com", ACME))
    assert link.path == "/login"
    assert tenant.inbox.messages("grace@example.com")[0].link == str(link)
    parameters = dict(link.params)
    assert parameters.pop("organization_name") == "acme"
    return parameters


def test_invitation(flow: Flow, invitation: dict[str, str]) -> None:
    page = flow.authorize(**invitation)
    assert 'value="grace@example.com"' in page.text
    claims = claims_of(flow, flow.choose(page, email="grace@example.com"))
    assert (claims["sub"], claims["org_id"]) == (GRACE, "org_acme")
    assert flow.authorize(organization="acme").status_code == 302
    again = flow.authorize(**invitation)
    assert refusal_of(again)[1] == "invitation not found or already used"


def test_invitation_of_somebody_else(flow: Flow, invitation: dict[str, str]) -> None:
    response = flow.choose(flow.authorize(**invitation), person="auth0|alan")
    error, description = refusal_of(response)
    assert error == "access_denied"
    assert "not allowed to accept the current invitation" in description
    # The wrong account uses it up.
    response = flow.choose(flow.authorize(**invitation, prompt="login"), person=GRACE)
    assert refusal_of(response)[0] == "invalid_request"


def test_invitation_with_a_second_factor(
    flow: Flow, tenant: Tenant, invitation: dict[str, str]
) -> None:
    tenant.mfa.enroll(GRACE)
    page = flow.choose(flow.authorize(**invitation), person=GRACE)
    response = flow.choose(page, step="mfa", otp=tenant.mfa.code)
    assert claims_of(flow, response)["org_id"] == "org_acme"


def test_invitation_needs_somewhere_to_go(tenant: Tenant) -> None:
    with pytest.raises(ValueError, match="login_url"):
        tenant.invite("grace@example.com", ACME)


def test_with_the_sdk(
    server: TenantServer, flow: Flow, invitation: dict[str, str]
) -> None:
    client = sdk_client(server)

    async def log_in() -> None:
        url = await client.start_interactive_login(
            StartInteractiveLoginOptions.model_validate(invitation)
        )
        response = flow.choose(flow.http.get(url), person=GRACE)
        await client.complete_interactive_login(str(location(response)))
        assert (await client.get_user())["org_id"] == "org_acme"

    play(client, log_in)
