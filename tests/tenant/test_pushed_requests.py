"""Pushed authorization requests (RFC 9126)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.tenant.flow import CALLBACK, Flow, code_of, csrf_token, location


def push(flow: Flow, **changes: str | None) -> httpx.Response:
    form = flow.parameters(**changes)
    return flow.http.post("/oauth/par", data=form, auth=flow.credentials)


def pushed(flow: Flow, **changes: str | None) -> str:
    response = push(flow, **changes)
    assert response.status_code == 201, response.text
    uri: str = response.json()["request_uri"]
    return uri


def visit(flow: Flow, uri: str, **more: str) -> httpx.Response:
    parameters = {"client_id": flow.client.client_id, "request_uri": uri, **more}
    return flow.http.get("/authorize", params=parameters)


def test_a_pushed_request(flow: Flow, tenant: Tenant) -> None:
    content = push(flow).json()
    assert content["expires_in"] == 30
    assert content["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    response = flow.choose(visit(flow, content["request_uri"]), person="auth0|ada")
    assert location(response).params["state"] == "some-state"
    tokens = flow.exchange(code_of(response)).json()
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    assert claims["nonce"] == "some-nonce"
    assert claims["name"] == "Ada Lovelace"


def test_discovery_says_where(flow: Flow, server: TenantServer) -> None:
    document = flow.http.get("/.well-known/openid-configuration").json()
    endpoint = document["pushed_authorization_request_endpoint"]
    assert endpoint == f"{server.url}/oauth/par"


def test_the_url_has_nothing_else_to_say(flow: Flow) -> None:
    uri = pushed(flow, prompt="none")
    response = visit(flow, uri, prompt="login", state="other", scope="openid")
    assert location(response).params["error"] == "login_required"
    assert location(response).params["state"] == "some-state"


def test_single_sign_on(flow: Flow) -> None:
    flow.log_in()
    assert code_of(visit(flow, pushed(flow)))


def test_a_request_is_opened_once(flow: Flow, server: TenantServer) -> None:
    uri = pushed(flow)
    page = visit(flow, uri)
    with Flow(server) as thief:
        for browser in (flow, thief):
            again = visit(browser, uri)
            assert again.status_code == 400
            assert "used before" in again.text
        own = csrf_token(thief.authorize().text)
        form = {"csrf_token": own, "person": "auth0|ada"}
        assert thief.http.post(page.url, data=form).status_code == 400
    assert code_of(flow.choose(page, person="auth0|ada"))
    assert flow.choose(page, person="auth0|ada").status_code == 400


def test_a_wrong_choice_is_no_answer(flow: Flow) -> None:
    page = visit(flow, pushed(flow))
    assert flow.choose(page, email="nobody").status_code == 400
    assert code_of(flow.choose(page, email="somebody@example.com"))


def test_a_request_expires(flow: Flow, tenant: Tenant) -> None:
    tenant.lifetimes.request_uri = 0
    assert visit(flow, pushed(flow)).status_code == 400


def test_a_request_of_another_client(flow: Flow, server: TenantServer) -> None:
    other = Client(callbacks=[CALLBACK])
    server.tenant.clients.append(other)
    uri = pushed(flow)
    with Flow(server, other) as thief:
        assert visit(thief, uri).status_code == 400
    assert visit(flow, uri).status_code == 200


def test_a_request_that_nobody_pushed(flow: Flow) -> None:
    response = visit(flow, "urn:ietf:params:oauth:request_uri:x")
    assert response.status_code == 400
    assert "This login cannot start" in response.text


def test_the_client_has_to_prove_itself(flow: Flow) -> None:
    response = flow.http.post("/oauth/par", data=flow.parameters())
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "http://127.0.0.1:5000/other"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"client_id": "other"}, "invalid_client"),
    ],
)
def test_what_may_not_be_pushed(
    flow: Flow, changes: dict[str, Any], error: str
) -> None:
    response = push(flow, **changes)
    assert response.status_code in (400, 401)
    assert response.json()["error"] == error


def test_a_client_that_has_to_push(flow: Flow, tenant: Tenant) -> None:
    tenant.client.require_pushed_authorization_requests = True
    refused = location(flow.authorize()).params
    assert refused["error"] == "invalid_request"
    assert refused["state"] == "some-state"
    assert visit(flow, pushed(flow)).status_code == 200
