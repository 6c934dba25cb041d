"""The second page of a login: the code of a second factor."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from flask_auth0.tenant import Tenant
from flask_auth0.tenant.model import MULTI_FACTOR
from tests.tenant.flow import Flow, code_of, location

ADA = "auth0|ada"


def claims_of(flow: Flow, response: httpx.Response) -> Any:
    tokens = flow.exchange(code_of(response)).json()
    return flow.server.tenant.keys.claims(tokens["id_token"])


def send(flow: Flow, page: httpx.Response, code: str) -> httpx.Response:
    assert "Verify your identity" in page.text
    return flow.choose(page, step="mfa", otp=code)


def test_nobody_is_asked_without_need(flow: Flow) -> None:
    claims = claims_of(flow, flow.choose(flow.authorize(), person=ADA))
    assert not {"amr", "acr"} & claims.keys()


def test_app_asks_for_it(flow: Flow) -> None:
    page = flow.choose(flow.authorize(acr_values=MULTI_FACTOR), person=ADA)
    wrong = send(flow, page, "000000")
    assert wrong.status_code == 400
    assert "That code is not right" in wrong.text
    claims = claims_of(flow, send(flow, page, "123 456"))
    assert (claims["amr"], claims["acr"]) == (["mfa"], MULTI_FACTOR)


def test_session_remembers_it_until_the_next_login(flow: Flow) -> None:
    send(
        flow, flow.choose(flow.authorize(acr_values=MULTI_FACTOR), person=ADA), "123456"
    )
    assert claims_of(flow, flow.authorize(acr_values=MULTI_FACTOR))["amr"] == ["mfa"]
    login = flow.authorize(prompt="login", acr_values=MULTI_FACTOR)
    again = flow.choose(login, person=ADA)
    assert "Verify your identity" in again.text


def test_step_up_of_a_session(flow: Flow) -> None:
    flow.log_in()
    page = flow.authorize(acr_values=MULTI_FACTOR)
    assert claims_of(flow, send(flow, page, "123456"))["amr"] == ["mfa"]


@pytest.mark.parametrize("kind", ["sms", "email"])
def test_person_has_it_on(flow: Flow, tenant: Tenant, kind: str) -> None:
    tenant.mfa.enroll(ADA, kind, "ada's")
    page = flow.choose(flow.authorize(), person=ADA)
    (message,) = tenant.inbox.messages("ada's")
    assert claims_of(flow, send(flow, page, message.code))["amr"] == ["mfa"]


def test_recovery_code(flow: Flow, tenant: Tenant) -> None:
    tenant.mfa.enroll(ADA)
    code = tenant.mfa.new_recovery_code(ADA)
    page = flow.choose(flow.authorize(), person=ADA)
    assert claims_of(flow, send(flow, page, code))["amr"] == ["mfa"]
    page = flow.choose(flow.authorize(prompt="login"), person=ADA)
    assert send(flow, page, code).status_code == 400


def test_cancel(flow: Flow) -> None:
    page = flow.choose(flow.authorize(acr_values=MULTI_FACTOR), person=ADA)
    response = flow.choose(page, decline="1")
    assert location(response).params["error"] == "access_denied"


def test_nobody_can_be_asked_silently(flow: Flow) -> None:
    flow.log_in()
    response = flow.authorize(acr_values=MULTI_FACTOR, prompt="none")
    assert location(response).params["error"] == "interaction_required"
    assert location(response).params["state"] == "some-state"


def test_next_login_is_not_asked(flow: Flow, tenant: Tenant) -> None:
    tenant.next_login = ADA
    claims = claims_of(flow, flow.authorize(acr_values=MULTI_FACTOR))
    assert claims["amr"] == ["mfa"]
