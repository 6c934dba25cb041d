"""Accounts that the callback connects, links and unlinks; the session goes on."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import AccountUnchanged, MfaRequired, accounts_changed
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import FETCH, GRACE, HOST, Visitor, error_of, query_of

from .going import ACCOUNT, choose, session_of

Begin = t.Callable[..., t.Any]
SUB = "auth0|ada"
BOTH = pytest.mark.parametrize("color", ["sync", "async"])
FLOWS = ["connect", "link", "unlink"]


@pytest.fixture(autouse=True)
def logged_in(visitor: Visitor) -> None:
    visitor.log_in()


@pytest.fixture
def changes(app: Flask) -> t.Iterator[list[dict[str, t.Any]]]:
    """What the app is told of its users' accounts."""
    told: list[dict[str, t.Any]] = []

    def note(app: Flask, **change: t.Any) -> None:
        told.append(change)

    with accounts_changed.connected_to(note, app):
        yield told


@BOTH
def test_connecting(
    visitor: Visitor, begin: Begin, tenant: TenantServer, changes: list[t.Any]
) -> None:
    before = session_of(visitor)
    callback = choose(visitor, begin("connect", next="/profile"), account=ACCOUNT)
    assert "connect_code" in query_of(callback)
    response = visitor.get(callback)
    assert (response.status_code, response.location) == (302, "/profile")
    (account,) = tenant.tenant.accounts.connected(SUB)
    assert account.account == ACCOUNT
    (change,) = changes
    assert (change["kind"], change["app_state"]) == ("connect", {"next": "/profile"})
    assert change["account"]["id"] == account.id
    after = session_of(visitor)
    assert after["user"]["sub"] == before["user"]["sub"]
    assert after["token_sets"][0] == before["token_sets"][0]


@BOTH
@pytest.mark.parametrize("name", ["link", "unlink"])
def test_linking(
    visitor: Visitor,
    begin: Begin,
    tenant: TenantServer,
    changes: list[t.Any],
    name: str,
) -> None:
    tenant.tenant.accounts.link(SUB, "github", "other@github.example")
    before, cookies = session_of(visitor), visitor.cookies()
    begun = begin(name, next="/profile", note="mine")
    query = query_of(begun.location)
    assert query["redirect_uri"] == f"{HOST}/callback"
    assert "requested_connection_scope" not in query
    response = visitor.get(choose(visitor, begun, account=ACCOUNT))
    assert (response.status_code, response.location) == (302, "/profile")
    linked = {"github": ACCOUNT} if name == "link" else {}
    assert tenant.tenant.accounts.linked(SUB) == linked
    state = {"next": "/profile", "note": "mine"}
    assert changes == [{"kind": name, "account": None, "app_state": state}]
    assert session_of(visitor) == before
    assert visitor.cookies().get("session") == cookies.get("session")


@pytest.mark.parametrize("name", ["connect", "link"])
def test_declining(
    visitor: Visitor, begin: Begin, tenant: TenantServer, name: str
) -> None:
    begun = begin(name, next="/profile")
    # The token to connect an account with may have come with a newer ID token.
    before = session_of(visitor)
    callback = choose(visitor, begun, account=ACCOUNT)
    state = query_of(callback)["state"]
    response = visitor.get(
        f"/callback?error=access_denied&error_description=Not+now&state={state}"
    )
    assert (response.status_code, error_of(response)) == (403, "access_denied")
    assert "was cancelled" in response.text
    assert "Not now" in response.text
    assert 'href="/profile"' in response.text
    # Connecting needs a token of its own, and with it comes an ID token of now.
    times = {"iat": 0, "exp": 0}
    assert {**session_of(visitor)["user"], **times} == {**before["user"], **times}
    assert visitor.user()["sub"] == SUB


def test_declining_on_the_page(visitor: Visitor, begin: Begin) -> None:
    response = visitor.get(choose(visitor, begin("connect"), decline="1"))
    assert (response.status_code, error_of(response)) == (403, "access_denied")
    assert visitor.user()["sub"] == SUB


@pytest.mark.parametrize("name", FLOWS)
def test_session_that_has_ended(
    visitor: Visitor, begin: Begin, tenant: TenantServer, name: str
) -> None:
    callback = choose(visitor, begin(name, next="/profile"), account=ACCOUNT)
    visitor.get("/logout")
    response = visitor.get(callback)
    assert response.status_code == 401
    assert error_of(response) == "account_unchanged"
    assert (
        "/login?next=%2Fprofile" in response.text
        or "/login?next=/profile" in response.text
    )
    assert visitor.user() is None
    assert not tenant.tenant.accounts.connected(SUB)


@pytest.mark.parametrize("name", FLOWS)
def test_session_of_somebody_else(
    visitor: Visitor, begin: Begin, tenant: TenantServer, name: str
) -> None:
    callback = choose(visitor, begin(name), account=ACCOUNT)
    visitor.http.cookies.clear()
    visitor.log_in(GRACE)
    response = visitor.get(callback)
    assert (response.status_code, error_of(response)) == (403, "account_unchanged")
    assert visitor.user()["email"] == GRACE
    assert not tenant.tenant.accounts.connected(SUB)
    assert not tenant.tenant.accounts.connected("auth0|grace")


@pytest.mark.parametrize("name", ["link", "unlink"])
def test_somebody_else_at_the_tenant(
    visitor: Visitor, begin: Begin, tenant: TenantServer, name: str
) -> None:
    before = session_of(visitor)
    callback = choose(visitor, begin(name), account=ACCOUNT)
    tenant.tenant.extra_claims["sub"] = "auth0|grace"
    response = visitor.get(callback)
    assert (response.status_code, error_of(response)) == (403, "account_unchanged")
    assert session_of(visitor) == before


@pytest.mark.parametrize("name", ["link", "unlink"])
def test_nonce_is_checked(
    visitor: Visitor, begin: Begin, tenant: TenantServer, name: str
) -> None:
    callback = choose(visitor, begin(name), account=ACCOUNT)
    tenant.tenant.extra_claims["nonce"] = "another"
    response = visitor.get(callback)
    assert (response.status_code, error_of(response)) == (502, "invalid_response")
    assert visitor.user()["sub"] == SUB


@pytest.mark.parametrize("name", FLOWS)
def test_nobody_is_logged_in(visitor: Visitor, begin: Begin, name: str) -> None:
    visitor.get("/logout")
    response = begin(name)
    assert (response.status_code, error_of(response)) == (401, "login_required")


def test_code_that_is_not_good(
    visitor: Visitor, begin: Begin, tenant: TenantServer
) -> None:
    callback = choose(visitor, begin("connect"), account=ACCOUNT)
    code = query_of(callback)["connect_code"]
    response = visitor.get(callback.replace(code, "another"))
    assert (response.status_code, error_of(response)) == (400, "account_unchanged")
    assert visitor.user()["sub"] == SUB
    assert not tenant.tenant.accounts.connected(SUB)


def test_replay(visitor: Visitor, begin: Begin, tenant: TenantServer) -> None:
    callback = choose(visitor, begin("connect", next="/profile"), account=ACCOUNT)
    first, second = visitor.get(callback), visitor.get(callback)
    assert first.location == "/profile"
    assert second.status_code in {302, 400}
    assert len(tenant.tenant.accounts.connected(SUB)) == 1


def test_json(visitor: Visitor, begin: Begin) -> None:
    callback = choose(visitor, begin("connect"), decline="1")
    response = visitor.client.get(callback, base_url=HOST, headers=FETCH)
    assert response.status_code == 403
    assert response.get_json()["error"] == "access_denied"


def test_error_can_be_handled(app: Flask, visitor: Visitor, begin: Begin) -> None:
    def answer(error: AccountUnchanged) -> t.Any:
        return f"no: {error.error}", 200

    app.error_handler_spec[None][400][AccountUnchanged] = answer
    callback = choose(visitor, begin("connect"), decline="1")
    assert visitor.get(callback).text == "no: access_denied"


@pytest.mark.parametrize("mode", ["cookies", "redis"], indirect=True)
@pytest.mark.parametrize("name", FLOWS)
def test_another_browser(
    visitor: Visitor, begin: Begin, tenant: TenantServer, name: str
) -> None:
    """Nobody is sent to a login, which would not change what is asked for."""
    callback = choose(visitor, begin(name, next="/profile"), account=ACCOUNT)
    visitor.client = visitor.app.test_client()
    response = visitor.get(callback)
    assert (response.status_code, error_of(response)) == (400, "account_unchanged")
    assert 'href="/profile"' in response.text
    assert not tenant.tenant.accounts.connected(SUB)


@pytest.mark.parametrize("name", FLOWS)
def test_state_that_was_cut(
    visitor: Visitor, begin: Begin, tenant: TenantServer, name: str
) -> None:
    callback = choose(visitor, begin(name), account=ACCOUNT)
    state = query_of(callback)["state"]
    response = visitor.get(callback.replace(state, state.partition(".")[0]))
    assert (response.status_code, error_of(response)) == (400, "account_unchanged")
    assert visitor.user()["sub"] == SUB
    assert not tenant.tenant.accounts.connected(SUB)


def test_one_more_factor(
    app: Flask, visitor: Visitor, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tenant wants one before the account is connected, and a login can ask."""

    async def complete(url: str) -> t.Any:
        raise MfaRequired

    client = app.extensions["auth0"].client
    monkeypatch.setattr(client, "complete_connect_account", complete)
    callback = choose(visitor, begin("connect", next="/profile"), account=ACCOUNT)
    response = visitor.get(callback)
    assert (response.status_code, error_of(response)) == (401, "mfa_required")
    assert "acr_values=" in response.text
    assert visitor.user()["sub"] == SUB


@pytest.mark.parametrize("name", ["link", "unlink"])
def test_tenant_that_is_down(
    visitor: Visitor, begin: Begin, tenant: TenantServer, name: str
) -> None:
    callback = choose(visitor, begin(name), account=ACCOUNT)
    tenant.tenant.fail_next_token_request(status=500)
    response = visitor.get(callback)
    told = (response.status_code, error_of(response))
    assert told == (503, "temporarily_unavailable")
    assert visitor.user()["sub"] == SUB
