"""Accounts at other providers: connected for their tokens, or linked to a person."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from auth0_server_python.auth_types import ConnectAccountOptions
from auth0_server_python.error import (
    AccessTokenForConnectionError,
    ApiError,
    MyAccountApiError,
)

from flask_auth0.tenant import Tenant, TenantServer
from flask_auth0.tenant.accounts import ConnectedAccount
from tests.tenant.flow import CALLBACK, VERIFIER, Flow, location, s256
from tests.tenant.sdk import play, sdk_client

ADA = "auth0|ada"
SCOPES = "create:me:connected_accounts read:me:connected_accounts"


def my_account(flow: Flow, scope: str = SCOPES) -> httpx.Client:
    """A client of the My Account API with an access token of Ada's."""
    audience = f"{flow.server.tenant.issuer}me/"
    tokens = flow.tokens(audience=audience, scope=f"openid {scope}")
    flow.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    return flow.http


def connect(flow: Flow, **changes: Any) -> httpx.Response:
    body = {
        "connection": "github",
        "redirect_uri": CALLBACK,
        "state": "a-state",
        "code_challenge": s256(VERIFIER),
        "scopes": ["repo"],
        **changes,
    }
    return flow.http.post("/me/v1/connected-accounts/connect", json=body)


def allow(flow: Flow, started: Any, **fields: str) -> httpx.Response:
    page = flow.http.get(started["connect_uri"], params=started["connect_params"])
    assert "Log in to github" in page.text
    return flow.choose(page, **fields)


def complete(flow: Flow, started: Any, code: str, **changes: str) -> httpx.Response:
    body = {
        "auth_session": started["auth_session"],
        "connect_code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    return flow.http.post("/me/v1/connected-accounts/complete", json=body)


def test_connecting(flow: Flow) -> None:
    api = my_account(flow, f"{SCOPES} delete:me:connected_accounts")
    response = connect(flow)
    assert response.status_code == 201, response.text
    back = location(allow(flow, response.json(), account="ada@github.example"))
    assert str(back).startswith(CALLBACK)
    assert back.params["state"] == "a-state"
    done = complete(flow, response.json(), back.params["connect_code"])
    assert done.status_code == 201, done.text
    account = done.json()
    assert (account["connection"], account["scopes"]) == ("github", ["repo"])
    path = "/me/v1/connected-accounts/accounts"
    assert api.get(path).json() == {"accounts": [account]}
    assert api.get(path, params={"connection": "x"}).json() == {"accounts": []}
    assert api.delete(f"{path}/{account['id']}").status_code == 204
    assert api.delete(f"{path}/{account['id']}").status_code == 404


def test_code_is_good_once(flow: Flow) -> None:
    my_account(flow)
    started = connect(flow).json()
    code = location(allow(flow, started, account="a@b.example")).params["connect_code"]
    assert complete(flow, started, code).status_code == 201
    assert complete(flow, started, code).status_code == 400
    page = flow.http.get(started["connect_uri"], params=started["connect_params"])
    assert page.status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"connect_code": "x"},
        {"code_verifier": "w" * 64},
        {"redirect_uri": "http://127.0.0.1:5000/"},
        {"auth_session": "x"},
    ],
)
def test_completing_with_something_wrong(flow: Flow, changes: dict[str, str]) -> None:
    my_account(flow)
    started = connect(flow).json()
    code = location(allow(flow, started, account="a@b.example")).params["connect_code"]
    response = complete(flow, started, code, **changes)
    assert (response.status_code, response.json()["status"]) == (400, 400)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "changes", [{"connection": "x"}, {"redirect_uri": "http://evil.example/"}]
)
def test_connecting_with_something_wrong(flow: Flow, changes: dict[str, str]) -> None:
    my_account(flow)
    (problem,) = connect(flow, **changes).json()["validation_errors"]
    assert problem["field"] in changes


def test_declining(flow: Flow) -> None:
    my_account(flow)
    back = location(allow(flow, connect(flow).json(), decline="1"))
    assert dict(back.params) == {"error": "access_denied", "state": "a-state"}


def test_tokens_that_do_not_do(flow: Flow) -> None:
    assert connect(flow).status_code == 401
    my_account(flow, "read:me:connected_accounts")
    assert connect(flow).status_code == 403
    flow.http.headers["Authorization"] = (
        f"Bearer {flow.tokens(prompt='login')['access_token']}"
    )
    assert connect(flow).status_code == 401


def test_pages_of_connections(flow: Flow) -> None:
    api = my_account(flow)
    path = "/me/v1/connected-accounts/connections"
    first = api.get(path, params={"take": 1}).json()
    assert [each["name"] for each in first["connections"]] == ["google-oauth2"]
    second = api.get(path, params={"take": 1, "from": first["next"]}).json()
    assert [each["name"] for each in second["connections"]] == ["github"]
    assert "next" not in second


def log_in(server: TenantServer, flow: Flow, client: Any) -> Any:
    async def logged_in() -> None:
        url = await client.start_interactive_login()
        response = flow.http.get(url)
        if response.status_code == 200:
            response = flow.choose(response, person=ADA)
        await client.complete_interactive_login(str(location(response)))

    return logged_in()


def test_with_the_sdk(server: TenantServer, flow: Flow) -> None:
    client = sdk_client(server)

    async def connect_and_use() -> None:
        await log_in(server, flow, client)
        options = ConnectAccountOptions(connection="github", app_state={"a": 1})
        page = flow.http.get(await client.start_connect_account(options))
        back = location(flow.choose(page, account="ada@github.example"))
        done = await client.complete_connect_account(str(back))
        assert (done.connection, done.app_state) == ("github", {"a": 1})
        listed = await client.list_connected_accounts()
        assert [each.id for each in listed.accounts] == [done.id]
        connections = await client.list_connected_account_connections()
        assert len(connections.connections) == 2
        token = await client.get_access_token_for_connection({"connection": "github"})
        assert token.startswith("github.")
        await client.delete_connected_account(done.id)
        with pytest.raises(MyAccountApiError):
            await client.delete_connected_account(done.id)
        with pytest.raises(AccessTokenForConnectionError, match="not found"):
            await client.get_access_token_for_connection({"connection": "x"})

    play(client, connect_and_use)


@pytest.mark.parametrize("hint", ["ada@github.example", "other@github.example"])
def test_token_of_one_of_two_accounts(flow: Flow, tenant: Tenant, hint: str) -> None:
    for account in ("ada@github.example", "other@github.example"):
        tenant.accounts.connect(ADA, ConnectedAccount("github", account, (account,)))
    answer = connection_token(flow, login_hint=hint).json()
    assert answer["scope"] == hint
    assert connection_token(flow, login_hint="x").status_code == 401


def connection_token(flow: Flow, **fields: str) -> httpx.Response:
    return flow.grant(
        "urn:auth0:params:oauth:grant-type:token-exchange:"
        "federated-connection-access-token",
        **{
            "connection": "github",
            "subject_token": flow.tokens(prompt="login")["refresh_token"],
            "subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token",
            "requested_token_type": "http://auth0.com/oauth/token-type/"
            "federated-connection-access-token",
            **fields,
        },
    )


def test_token_for_a_refresh_token_only(flow: Flow) -> None:
    response = connection_token(flow, subject_token="x")
    assert (response.status_code, response.json()["error"]) == (403, "invalid_grant")
    response = connection_token(flow, requested_token_type="x")
    assert response.json()["error"] == "invalid_request"


# Linking


def test_linking_with_the_sdk(server: TenantServer, flow: Flow) -> None:
    client, accounts = sdk_client(server), server.tenant.accounts

    async def link_and_unlink() -> None:
        await log_in(server, flow, client)
        state = {"app_state": {"a": 1}}
        url = await client.start_link_user({"connection": "github", **state})
        page = flow.http.get(url)
        back = flow.choose(page, step="account", account="ada@github.example")
        assert await client.complete_link_user(str(location(back))) == state
        assert accounts.linked(ADA) == {"github": "ada@github.example"}
        url = await client.start_unlink_user({"connection": "github", **state})
        back = flow.http.get(url)
        assert await client.complete_unlink_user(str(location(back))) == state
        assert accounts.linked(ADA) == {}
        url = await client.start_link_user({"connection": "x"})
        with pytest.raises(ApiError, match="not found"):
            await client.complete_link_user(str(location(flow.http.get(url))))

    play(client, link_and_unlink)


def test_linking_is_for_who_is_logged_in_to_the_app(flow: Flow) -> None:
    changes = {
        "scope": "openid link_account",
        "requested_connection": "github",
        "id_token_hint": flow.tokens("auth0|grace")["id_token"],
    }
    response = flow.choose(flow.authorize(**changes, prompt="login"), person=ADA)
    assert location(response).params["error"] == "access_denied"
