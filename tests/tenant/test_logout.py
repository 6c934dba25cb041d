"""Logging out at the tenant, by Auth0's own endpoint and by OpenID's."""

from __future__ import annotations

import pytest

from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.tenant.flow import CALLBACK, LOGOUT_URL, Flow, csrf_token, location


def test_v2_logout(flow: Flow, tenant: Tenant) -> None:
    flow.log_in()
    response = flow.http.get(
        "/v2/logout",
        params={"client_id": flow.client.client_id, "returnTo": LOGOUT_URL},
    )
    assert str(location(response)) == LOGOUT_URL
    assert tenant.sessions() == []
    assert "Log in" in flow.authorize().text


def test_v2_logout_without_return_url(flow: Flow) -> None:
    client_id = flow.client.client_id
    response = flow.http.get(f"/v2/logout?client_id={client_id}&federated")
    assert str(location(response)) == LOGOUT_URL
    assert "You are logged out" in flow.http.get("/v2/logout").text


@pytest.mark.parametrize("url", [LOGOUT_URL.rstrip("/"), f"{LOGOUT_URL}?a=b", "//x"])
@pytest.mark.parametrize("with_client", [True, False])
def test_v2_logout_url_mismatch(
    flow: Flow, tenant: Tenant, url: str, with_client: bool
) -> None:
    flow.log_in()
    parameters = {"returnTo": url}
    if with_client:
        parameters["client_id"] = flow.client.client_id
    response = flow.http.get("/v2/logout", params=parameters)
    assert response.status_code == 400
    assert "Logout URL mismatch" in response.text
    assert len(tenant.sessions()) == 1


@pytest.mark.parametrize("path", ["/v2/logout", "/oidc/logout"])
def test_logout_of_unknown_client(flow: Flow, path: str) -> None:
    response = flow.http.get(path, params={"client_id": "unknown"})
    assert response.status_code == 400
    assert "Unknown client" in response.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oidc_logout(flow: Flow, tenant: Tenant, method: str) -> None:
    tenant.lifetimes.id_token = -100
    parameters = {
        "id_token_hint": flow.tokens()["id_token"],
        "post_logout_redirect_uri": LOGOUT_URL,
        "state": "some state",
    }
    key = "params" if method == "GET" else "data"
    response = flow.http.request(method, "/oidc/logout", **{key: parameters})  # type: ignore[arg-type]
    assert str(location(response)).startswith(LOGOUT_URL)
    assert location(response).params["state"] == "some state"
    assert tenant.sessions() == []


def test_oidc_logout_after_the_key_is_gone(flow: Flow, tenant: Tenant) -> None:
    hint = flow.tokens()["id_token"]
    tenant.rotate_keys(keep_old=False)
    flow.http.get("/oidc/logout", params={"id_token_hint": hint})
    assert tenant.sessions() == []


def test_oidc_logout_url_mismatch(flow: Flow, tenant: Tenant) -> None:
    parameters = {
        "id_token_hint": flow.tokens()["id_token"],
        "post_logout_redirect_uri": "https://evil.example/",
    }
    response = flow.http.get("/oidc/logout", params=parameters)
    assert "Logout URL mismatch" in response.text
    assert len(tenant.sessions()) == 1


def test_oidc_logout_with_logout_hint(flow: Flow, tenant: Tenant) -> None:
    flow.log_in()
    parameters = {
        "client_id": flow.client.client_id,
        "logout_hint": tenant.sessions()[0].sid,
        "post_logout_redirect_uri": LOGOUT_URL,
    }
    response = flow.http.get("/oidc/logout", params=parameters)
    assert str(location(response)) == LOGOUT_URL
    assert tenant.sessions() == []


def test_oidc_logout_asks_without_hint(flow: Flow, tenant: Tenant) -> None:
    flow.log_in()
    parameters = {
        "client_id": flow.client.client_id,
        "post_logout_redirect_uri": LOGOUT_URL,
    }
    page = flow.http.get("/oidc/logout", params=parameters)
    assert "Log out?" in page.text
    assert len(tenant.sessions()) == 1
    form = {**parameters, "csrf_token": csrf_token(page.text)}
    response = flow.http.post("/oidc/logout", data=form)
    assert str(location(response)) == LOGOUT_URL
    assert tenant.sessions() == []


@pytest.mark.parametrize("hint", ["rubbish", "a.b.c", "é"])
def test_oidc_logout_with_a_forged_hint(flow: Flow, tenant: Tenant, hint: str) -> None:
    flow.log_in()
    response = flow.http.get("/oidc/logout", params={"id_token_hint": hint})
    assert response.status_code == 400
    assert len(tenant.sessions()) == 1


def test_hint_of_another_client(flow: Flow, server: TenantServer) -> None:
    other = Client(callbacks=[CALLBACK])
    server.tenant.clients.append(other)
    parameters = {
        "id_token_hint": flow.tokens()["id_token"],
        "client_id": other.client_id,
    }
    response = flow.http.get("/oidc/logout", params=parameters)
    assert "Unknown client" in response.text


def test_old_hint_leaves_the_new_session_alone(flow: Flow, tenant: Tenant) -> None:
    hint = flow.tokens()["id_token"]
    flow.log_in("auth0|grace", prompt="login")
    flow.http.get("/oidc/logout", params={"id_token_hint": hint})
    assert [session.person.sub for session in tenant.sessions()] == ["auth0|grace"]
