"""Logins that a client's server begins, and a person answers elsewhere (CIBA)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.tenant.flow import AUDIENCE, CALLBACK, Flow, csrf_token

GRANT_TYPE = "urn:openid:params:grant-type:ciba"


def hint(tenant: Tenant, **changes: str) -> str:
    named = {"format": "iss_sub", "iss": tenant.issuer, "sub": "auth0|ada"}
    return json.dumps(named | changes)


def begin(flow: Flow, **changes: str) -> httpx.Response:
    form = {
        "scope": "openid profile offline_access",
        "login_hint": hint(flow.server.tenant),
        "binding_message": "Order 1815",
        **changes,
    }
    return flow.http.post("/bc-authorize", data=form, auth=flow.credentials)


def begun(flow: Flow, **changes: str) -> str:
    response = begin(flow, **changes)
    assert response.status_code == 200, response.text
    auth_req_id: str = response.json()["auth_req_id"]
    return auth_req_id


def poll(flow: Flow, auth_req_id: str) -> httpx.Response:
    form = {"grant_type": GRANT_TYPE, "auth_req_id": auth_req_id}
    return flow.http.post("/oauth/token", data=form, auth=flow.credentials)


def outcome(response: httpx.Response) -> str:
    error: str = response.json()["error"]
    return error


def test_an_approved_login(flow: Flow, tenant: Tenant) -> None:
    tenant.backchannel_login_interval = 0
    begin_response = begin(flow).json()
    assert (begin_response["expires_in"], begin_response["interval"]) == (300, 0)
    auth_req_id = begin_response["auth_req_id"]
    assert outcome(poll(flow, auth_req_id)) == "authorization_pending"
    (login,) = tenant.backchannel_logins.pending()
    assert auth_req_id not in repr(login)
    tenant.backchannel_logins.approve(login.id)
    tokens = poll(flow, auth_req_id).json()
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    assert (claims["sub"], claims["name"]) == ("auth0|ada", "Ada Lovelace")
    assert "sid" not in claims
    assert flow.refresh(tokens["refresh_token"]).status_code == 200
    assert outcome(poll(flow, auth_req_id)) == "invalid_grant"


def test_a_denied_login(flow: Flow, tenant: Tenant) -> None:
    auth_req_id = begun(flow)
    tenant.backchannel_logins.deny(tenant.backchannel_logins.pending()[0].id)
    assert outcome(poll(flow, auth_req_id)) == "access_denied"
    assert outcome(poll(flow, auth_req_id)) == "invalid_grant"


def test_a_login_that_nobody_answers(flow: Flow, tenant: Tenant) -> None:
    tenant.lifetimes.backchannel_login = 0
    auth_req_id = begun(flow)
    assert tenant.backchannel_logins.pending() == []
    assert outcome(poll(flow, auth_req_id)) == "expired_token"


def test_polling_too_often(flow: Flow) -> None:
    auth_req_id = begun(flow)
    assert outcome(poll(flow, auth_req_id)) == "authorization_pending"
    for wait in ("10", "15"):
        response = poll(flow, auth_req_id)
        assert outcome(response) == "slow_down"
        assert response.headers["retry-after"] == wait


def test_an_answer_comes_however_often_it_is_asked_for(
    flow: Flow, tenant: Tenant
) -> None:
    auth_req_id = begun(flow)
    poll(flow, auth_req_id)
    tenant.backchannel_logins.approve(tenant.backchannel_logins.pending()[0].id)
    assert poll(flow, auth_req_id).status_code == 200


def test_a_login_of_another_client(flow: Flow, server: TenantServer) -> None:
    other = Client(callbacks=[CALLBACK])
    server.tenant.clients.append(other)
    auth_req_id = begun(flow)
    with Flow(server, other) as thief:
        assert outcome(poll(thief, auth_req_id)) == "invalid_grant"
    assert outcome(poll(flow, auth_req_id)) == "authorization_pending"


def test_the_client_has_to_prove_itself(flow: Flow) -> None:
    flow.client = Client(client_id=flow.client.client_id)
    assert begin(flow).status_code == 401
    assert poll(flow, "any").status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "profile"}, "invalid_scope"),
        ({"binding_message": ""}, "invalid_request"),
        ({"binding_message": "x" * 65}, "invalid_request"),
        ({"login_hint": "auth0|ada"}, "invalid_request"),
        ({"login_hint": "[]"}, "invalid_request"),
        ({"requested_expiry": "0"}, "invalid_request"),
        ({"requested_expiry": "301"}, "invalid_request"),
        ({"authorization_details": "{}"}, "invalid_authorization_details"),
        ({"authorization_details": "[{}]"}, "invalid_authorization_details"),
        ({"authorization_details": "["}, "invalid_authorization_details"),
    ],
)
def test_what_cannot_begin(flow: Flow, changes: dict[str, str], error: str) -> None:
    response = begin(flow, **changes)
    assert response.status_code == 400
    assert outcome(response) == error


def test_hints_of_other_people(flow: Flow, tenant: Tenant) -> None:
    elsewhere = hint(tenant, iss="https://other.example/")
    assert outcome(begin(flow, login_hint=elsewhere)) == "invalid_request"
    unknown = hint(tenant, sub="auth0|nobody")
    assert outcome(begin(flow, login_hint=unknown)) == "unknown_user_id"


def test_rich_authorization_requests(flow: Flow, tenant: Tenant) -> None:
    tenant.answer_backchannel_logins = "approve"
    details: list[dict[str, Any]] = [{"type": "payment", "amount": "5 EUR"}]
    auth_req_id = begun(
        flow, audience=AUDIENCE, authorization_details=json.dumps(details)
    )
    tokens = poll(flow, auth_req_id).json()
    assert tokens["authorization_details"] == details
    claims = tenant.keys.claims(tokens["access_token"])
    assert claims is not None
    assert claims["authorization_details"] == details


def test_rich_authorization_requests_in_a_browser(flow: Flow) -> None:
    details = [{"type": "payment"}]
    tokens = flow.tokens(authorization_details=json.dumps(details))
    assert tokens["authorization_details"] == details


def test_everybody_denies(flow: Flow, tenant: Tenant) -> None:
    tenant.answer_backchannel_logins = "deny"
    assert outcome(poll(flow, begun(flow))) == "access_denied"


def test_nothing_to_answer(tenant: Tenant) -> None:
    with pytest.raises(LookupError, match="unknown"):
        tenant.backchannel_logins.approve("unknown")


@pytest.mark.parametrize(
    ("answer", "expected"), [("approve", None), ("deny", "access_denied")]
)
def test_answering_on_the_page(
    flow: Flow, tenant: Tenant, answer: str, expected: str | None
) -> None:
    auth_req_id = begun(flow, binding_message="<b>Order", audience=AUDIENCE)
    (login,) = tenant.backchannel_logins.pending()
    assert f"/ciba/{login.id}" in flow.http.get("/ciba").text
    page = flow.http.get(f"/ciba/{login.id}")
    for shown in ("Ada Lovelace", "&lt;b&gt;Order", AUDIENCE, "This is not Auth0"):
        assert shown in page.text
    refused = flow.http.post(page.url, data={"csrf_token": "x", answer: "1"})
    assert refused.status_code == 400
    form = {"csrf_token": csrf_token(page.text), answer: "1"}
    assert flow.http.post(page.url, data=form).status_code == 200
    assert flow.http.post(page.url, data=form).status_code == 404
    assert flow.http.get(page.url).status_code == 404
    assert poll(flow, auth_req_id).json().get("error") == expected
