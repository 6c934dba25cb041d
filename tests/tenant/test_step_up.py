"""How a login was made, and answers of ``/authorize`` that tests can ask for."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from flask_auth0.tenant import Client, Tenant, TenantServer
from flask_auth0.tenant.model import MULTI_FACTOR
from tests.tenant.flow import CALLBACK, Flow, code_of, location


def claims_of(flow: Flow, response: httpx.Response) -> dict[str, Any]:
    tokens = flow.exchange(code_of(response)).json()
    claims = flow.server.tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    return claims


def test_a_login_with_more_than_one_factor(flow: Flow) -> None:
    page = flow.choose(flow.authorize(acr_values=MULTI_FACTOR), person="auth0|ada")
    claims = claims_of(flow, flow.choose(page, step="mfa", otp="123456"))
    assert claims["acr"] == MULTI_FACTOR
    assert claims["amr"] == ["mfa"]


def test_another_class_of_authentication(flow: Flow) -> None:
    page = flow.authorize(acr_values="urn:silver urn:bronze")
    claims = claims_of(flow, flow.choose(page, person="auth0|ada"))
    assert claims["acr"] == "urn:silver"
    assert "amr" not in claims


def test_a_login_without(flow: Flow) -> None:
    claims = claims_of(flow, flow.choose(flow.authorize(), person="auth0|ada"))
    assert not {"acr", "amr"} & claims.keys()


def test_a_session_without_is_asked_again_once(flow: Flow) -> None:
    flow.log_in()
    page = flow.authorize(acr_values=MULTI_FACTOR)
    answer = flow.choose(page, step="mfa", otp="123456")
    assert claims_of(flow, answer)["amr"] == ["mfa"]
    again = flow.authorize(acr_values=MULTI_FACTOR)
    assert claims_of(flow, again)["amr"] == ["mfa"]


def test_who_logs_in_next_has_all_factors(flow: Flow, tenant: Tenant) -> None:
    tenant.next_login = "auth0|ada"
    claims = claims_of(flow, flow.authorize(acr_values=MULTI_FACTOR))
    assert claims["amr"] == ["mfa"]


def test_a_tenant_that_ignores_it(flow: Flow, tenant: Tenant) -> None:
    tenant.honor_acr_values = False
    flow.log_in()
    claims = claims_of(flow, flow.authorize(acr_values=MULTI_FACTOR))
    assert not {"acr", "amr"} & claims.keys()


def test_silence_cannot_step_up(flow: Flow) -> None:
    flow.log_in()
    response = flow.authorize(prompt="none", acr_values=MULTI_FACTOR)
    assert location(response).params["error"] == "interaction_required"
    assert location(response).params["state"] == "some-state"
    page = flow.authorize(acr_values=MULTI_FACTOR)
    flow.choose(page, step="mfa", otp="123456")
    assert code_of(flow.authorize(prompt="none", acr_values=MULTI_FACTOR))


@pytest.mark.parametrize("error", ["interaction_required", "consent_required"])
def test_silence_can_be_refused(flow: Flow, tenant: Tenant, error: str) -> None:
    tenant.silent_login_error = error
    assert location(flow.authorize(prompt="none")).params["error"] == "login_required"
    flow.log_in()
    assert location(flow.authorize(prompt="none")).params["error"] == error
    assert code_of(flow.authorize())


def test_silence_without_openid(flow: Flow) -> None:
    response = flow.authorize(prompt="none", scope="email")
    assert location(response).params["error"] == "login_required"


def test_max_age(flow: Flow, tenant: Tenant) -> None:
    flow.log_in()
    claims = claims_of(flow, flow.authorize(max_age="600"))
    assert abs(claims["auth_time"] - time.time()) < 60
    refused = flow.authorize(max_age="0", prompt="none")
    assert location(refused).params["error"] == "login_required"


def test_the_issuer_of_an_answer(flow: Flow, tenant: Tenant) -> None:
    url = "/.well-known/openid-configuration"
    promised = "authorization_response_iss_parameter_supported"
    assert flow.http.get(url).json()[promised] is False
    assert "iss" not in location(flow.authorize(prompt="none")).params
    tenant.authorization_response_iss = True
    assert flow.http.get(url).json()[promised] is True
    refused = location(flow.authorize(prompt="none")).params
    assert refused["error"] == "login_required"
    assert refused["iss"] == tenant.issuer
    page = flow.authorize()
    assert location(flow.choose(page, decline="1")).params["iss"] == tenant.issuer
    answer = flow.choose(flow.authorize(), person="auth0|ada")
    assert location(answer).params["iss"] == tenant.issuer
    assert code_of(answer)


def test_two_tenants_in_one_browser(flow: Flow, server: TenantServer) -> None:
    client = Client(client_id=server.tenant.client.client_id, callbacks=[CALLBACK])
    with TenantServer(Tenant([client])) as other, Flow(other) as there:
        there.http._cookies = flow.http._cookies
        code = flow.log_in("auth0|ada")
        theirs = there.log_in("auth0|grace")
        assert flow.server.tenant.issuer != other.tenant.issuer
        assert there.exchange(code).json()["error"] == "invalid_grant"
        for each, own in ((flow, code), (there, theirs)):
            tokens = each.exchange(own).json()
            assert each.server.tenant.keys.claims(tokens["id_token"])
        assert there.userinfo(tokens["access_token"]).status_code == 200
        assert flow.userinfo(tokens["access_token"]).status_code == 401
        # Neither has logged the other one's person out.
        assert code_of(flow.authorize(prompt="none"))
        assert code_of(there.authorize(prompt="none"))
