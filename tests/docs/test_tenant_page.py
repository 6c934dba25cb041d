"""What the page on the development tenant says of APIs, people and answers to order."""

from __future__ import annotations

import httpx
import pytest

from flask_auth0.tenant import Tenant, TenantServer
from tests.tenant.flow import Flow, location
from tests.tenant.test_ciba import begun, poll

from .conftest import ReadPage

AUDIENCE = "https://api.example.com"


@pytest.fixture
def bank(read_page: ReadPage) -> Tenant:
    """The tenant of the page, with a client that has a secret."""
    bank: Tenant = read_page("tenant.rst").run()["bank"]
    bank.client.token_endpoint_auth_method = None
    return bank


def test_confidential_clients(bank: Tenant) -> None:
    assert len(bank.client.certificates) == 1
    with TenantServer(bank) as server, Flow(server) as flow:
        refused = location(flow.authorize()).params
        assert refused["error"] == "invalid_request"
        bank.client.require_pushed_authorization_requests = False
        response = flow.authorize(audience="https://other.example")
        assert response.headers["location"].count("Service+not+found") == 1


def test_people_and_answers_made_to_order(bank: Tenant) -> None:
    bank.client.require_pushed_authorization_requests = False
    scope = "openid offline_access read:accounts pay"
    with TenantServer(bank) as server, Flow(server) as flow:
        code = flow.log_in(audience=AUDIENCE, scope=scope)
        limited = flow.exchange(code)
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "3")
        tokens = flow.exchange(code).json()
        assert tokens["scope"] == "openid offline_access read:accounts"
        claims = bank.keys.claims(tokens["id_token"])
        assert claims
        assert claims["https://example.com/roles"] == ["treasurer"]
        assert claims["https://example.com/permissions"] == ["read:accounts"]
        assert "given_name" not in claims
        refused = flow.refresh(tokens["refresh_token"]).json()
        assert refused["error"] == "mfa_required"
        said = bank.keys.claims(flow.userinfo(tokens["access_token"]).text)
        assert said
        assert said["sub"] == "auth0|somebody-else"
        silent = location(flow.authorize(prompt="none")).params
        assert silent["error"] == "interaction_required"
        assert silent["iss"] == bank.issuer


def test_logins_on_another_device(bank: Tenant) -> None:
    bank.limit_next_token_request()
    with TenantServer(bank) as server, Flow(server) as flow:
        auth_req_id = begun(flow)
        responses: list[httpx.Response] = [poll(flow, auth_req_id) for _ in range(3)]
        assert [each.status_code for each in responses] == [429, 429, 200]
