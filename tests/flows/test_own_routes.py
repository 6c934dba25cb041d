"""Flows that a view of the app's own completes, and flows that are crossed."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from auth0_server_python.auth_types import (
    ConnectAccountOptions,
    StartInteractiveLoginOptions,
)
from flask import Flask, redirect, request

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import ADA, GRACE, HOST, Visitor, query_of

from .going import ACCOUNT, choose, go, session_of

SUB = "auth0|ada"
DONE = f"{HOST}/done"
IN_COOKIES = pytest.mark.parametrize("mode", ["cookies"], indirect=True)
BOTH = pytest.mark.parametrize("color", ["sync", "async"])
#: The parameters of a request that is not the SDK's own.
ASKED = {"redirect_uri": DONE}


async def _login(client: t.Any) -> t.Any:
    options = StartInteractiveLoginOptions(
        app_state={"note": 1}, authorization_params={**ASKED, **request.args}
    )
    return await client.start_interactive_login(options)


async def _connect(client: t.Any) -> t.Any:
    options = ConnectAccountOptions(
        connection="github", redirect_uri=DONE, app_state={"note": 1}
    )
    return await client.start_connect_account(options)


def _changing(method: str) -> t.Any:
    async def start(client: t.Any) -> t.Any:
        options = {
            "connection": "github",
            "authorization_params": ASKED,
            "app_state": {"note": 1},
        }
        return await getattr(client, method)(options)

    return start


STARTS = {
    "login": _login,
    "connect": _connect,
    "link": _changing("start_link_user"),
    "unlink": _changing("start_unlink_user"),
}
COMPLETE = {
    "login": "complete_interactive_login",
    "connect": "complete_connect_account",
    "link": "complete_link_user",
    "unlink": "complete_unlink_user",
}


@pytest.fixture(autouse=True)
def own_routes(app: Flask, tenant: TenantServer) -> None:
    tenant.tenant.client.callbacks.append(DONE)
    auth0 = Auth0()

    @app.get("/begin/<name>")
    async def begin_own(name: str) -> t.Any:
        return redirect(await STARTS[name](auth0.client))

    async def asynchronous() -> t.Any:
        complete = getattr(auth0.client, COMPLETE[request.args["as"]])
        try:
            return _shown(await complete(request.url))
        except Exception as error:
            return _told(error)

    def sync() -> t.Any:
        complete = getattr(auth0.client, COMPLETE[request.args["as"]])
        try:
            return _shown(auth0.run(complete(request.url)))
        except Exception as error:
            return _told(error)

    @app.get("/done/unhandled")
    async def unhandled() -> t.Any:
        complete = getattr(auth0.client, COMPLETE[request.args["as"]])
        return _shown(await complete(request.url))

    app.add_url_rule("/done/sync", "done", sync)
    app.add_url_rule("/done/async", "done_async", asynchronous)


def _shown(result: t.Any) -> dict[str, t.Any]:
    app_state = result["app_state"] if isinstance(result, dict) else result.app_state
    return {"app_state": app_state}


def _told(error: Exception) -> t.Any:
    """The error that reached the view, by its class and its message."""
    return {"error": type(error).__name__, "told": str(error)}


def complete(visitor: Visitor, url: str, name: str, color: str = "async") -> t.Any:
    """Let a view of the app complete a flow that has come back."""
    query = url.partition("?")[2]
    return visitor.get(f"/done/{color}?{query}&as={name}").get_json()


def begin(visitor: Visitor, name: str) -> str:
    """Begin a flow that comes back to a view of the app's own, and go through it."""
    begun = visitor.get(f"/begin/{name}")
    if name == "login":
        return go(visitor, begun)
    return choose(visitor, begun, account=ACCOUNT)


@BOTH
def test_login(visitor: Visitor, color: str) -> None:
    url = begin(visitor, "login")
    assert url.startswith(f"{DONE}?")
    answer = complete(visitor, url, "login", color)
    assert answer == {"app_state": {"note": 1}}
    assert visitor.user()["email"] == ADA


@IN_COOKIES
@pytest.mark.parametrize("name", STARTS)
def test_reloading(visitor: Visitor, name: str) -> None:
    visitor.log_in()
    url = begin(visitor, name)
    assert "app_state" in complete(visitor, url, name, "unhandled")
    query = url.partition("?")[2]
    again = visitor.get(f"/done/unhandled?{query}&as={name}")
    assert again.status_code == 400
    assert "completed already" in again.text
    assert visitor.user()["email"] == ADA


@BOTH
def test_connecting(visitor: Visitor, tenant: TenantServer, color: str) -> None:
    visitor.log_in()
    answer = complete(visitor, begin(visitor, "connect"), "connect", color)
    assert answer == {"app_state": {"note": 1}}
    assert len(tenant.tenant.accounts.connected(SUB)) == 1


@BOTH
@pytest.mark.parametrize("name", ["link", "unlink"])
def test_linking(visitor: Visitor, tenant: TenantServer, color: str, name: str) -> None:
    visitor.log_in()
    tenant.tenant.accounts.link(SUB, "github", "other@github.example")
    before = session_of(visitor)
    answer = complete(visitor, begin(visitor, name), name, color)
    assert answer == {"app_state": {"note": 1}}
    linked = {"github": ACCOUNT} if name == "link" else {}
    assert tenant.tenant.accounts.linked(SUB) == linked
    assert session_of(visitor) == before


@pytest.mark.parametrize("name", ["login", "link", "unlink"])
def test_nonce_is_checked(visitor: Visitor, tenant: TenantServer, name: str) -> None:
    visitor.log_in()
    url = begin(visitor, name)
    tenant.tenant.extra_claims["nonce"] = "another"
    assert complete(visitor, url, name)["error"] == "TenantError"
    tenant.tenant.extra_claims.clear()
    assert complete(visitor, url, name)["error"] == "MissingTransactionError"
    assert visitor.user()["email"] == ADA


def test_age_is_checked(visitor: Visitor, tenant: TenantServer) -> None:
    url = go(visitor, visitor.get("/begin/login?max_age=60"))
    tenant.tenant.extra_claims["auth_time"] = 1_000
    answer = complete(visitor, url, "login")
    assert answer["error"] == "AuthorizationFailed"
    assert "log in anew" in answer["told"]
    assert visitor.user() is None


@IN_COOKIES
@pytest.mark.parametrize(("begun", "name"), [*itertools.permutations(COMPLETE, 2)])
def test_one_is_not_another(
    visitor: Visitor, tenant: TenantServer, begun: str, name: str
) -> None:
    """What kind it is stands in its transaction, whatever is in the URL."""
    visitor.log_in()
    before, url = session_of(visitor), begin(visitor, begun)
    code = query_of(url).get("code") or query_of(url)["connect_code"]
    answer = complete(visitor, f"{url}&code={code}&connect_code={code}", name)
    assert answer["error"] == "LoginFailed"
    assert complete(visitor, url, begun)["error"] == "MissingTransactionError"
    assert session_of(visitor)["id_token"] == before["id_token"] or begun == "connect"
    assert not tenant.tenant.accounts.connected(SUB)


@IN_COOKIES
@pytest.mark.parametrize("begun", COMPLETE)
def test_the_callback_does_not_guess(
    visitor: Visitor, tenant: TenantServer, begun: str
) -> None:
    """A code of another kind does not change what a flow is."""
    visitor.log_in()
    query = query_of(begin(visitor, begun))
    code = query.get("code") or query["connect_code"]
    other = "connect_code" if "code" in query else "code"
    response = visitor.get(f"/callback?state={query['state']}&{other}={code}")
    assert response.status_code == 400
    assert visitor.user()["email"] == ADA
    assert not tenant.tenant.accounts.connected(SUB)


@pytest.mark.parametrize("name", ["connect", "link", "unlink"])
def test_another_session(visitor: Visitor, tenant: TenantServer, name: str) -> None:
    visitor.log_in()
    url = begin(visitor, name)
    visitor.http.cookies.clear()
    visitor.log_in(GRACE)
    assert complete(visitor, url, name)["error"] == "AccountUnchanged"
    assert visitor.user()["email"] == GRACE
    assert not tenant.tenant.accounts.connected("auth0|grace")


@IN_COOKIES
@pytest.mark.parametrize("name", COMPLETE)
def test_what_the_tenant_refuses(visitor: Visitor, name: str) -> None:
    visitor.log_in()
    state = query_of(begin(visitor, name))["state"]
    url = f"{DONE}?error=access_denied&error_description=no&state={state}"
    assert complete(visitor, url, name)["error"] == "ApiError"


def test_two_tabs(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    connecting, linking = begin(visitor, "connect"), begin(visitor, "link")
    complete(visitor, linking, "link")
    complete(visitor, connecting, "connect")
    assert tenant.tenant.accounts.linked(SUB) == {"github": ACCOUNT}
    assert len(tenant.tenant.accounts.connected(SUB)) == 1
