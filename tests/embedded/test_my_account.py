"""The accounts that a user has connected, and what the My Account API refuses."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0.errors import Auth0Error
from flask_auth0.tenant import Tenant
from flask_auth0.tenant.accounts import ConnectedAccount
from tests.embedded.conftest import SUB, Person
from tests.harness.visitor import NAVIGATION


@pytest.fixture
def account(issuer: Tenant, visitor: Person) -> ConnectedAccount:
    """An account of who is logged in."""
    visitor.log_in()
    account = ConnectedAccount("github", "ada@github.example", ("repo",))
    issuer.accounts.connect(SUB, account)
    return account


def listed(visitor: Person) -> list[str]:
    told = visitor.gets(lambda client: client.list_connected_accounts())
    return [each["id"] for each in told["accounts"]]


def test_accounts(visitor: Person, account: ConnectedAccount) -> None:
    connections = visitor.gets(lambda c: c.list_connected_account_connections())
    assert len(connections["connections"]) == 2
    assert account.id in listed(visitor)
    options = {"connection": "github", "login_hint": account.account}
    answer = visitor.does(lambda c: c.get_access_token_for_connection(options))
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["told"].startswith("github.")
    visitor.does(lambda client: client.delete_connected_account(account.id))
    assert account.id not in listed(visitor)


@pytest.mark.parametrize("headers", [{}, NAVIGATION], ids=["JSON", "page"])
def test_an_account_that_is_not_there(
    visitor: Person, account: ConnectedAccount, headers: dict[str, str]
) -> None:
    answer = visitor.does(
        lambda client: client.delete_connected_account("cac_none"),
        **({"headers": headers} if headers else {}),
    )
    assert answer.status_code == 404
    assert "my_account_refused" in answer.text
    assert visitor.user()


def test_with_nobody(visitor: Person, issuer: Tenant) -> None:
    answer = visitor.does(lambda client: client.list_connected_accounts())
    assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")


def test_a_tenant_that_is_down(
    visitor: Person, account: ConnectedAccount, app: Flask
) -> None:
    listed(visitor)
    app.extensions["auth0"].client.transports.breakers.only.failed(float("inf"))
    hint = {"connection": "github"}
    for step in (
        lambda client: client.list_connected_accounts(),
        lambda client: client.list_connected_account_connections(),
        lambda client: client.delete_connected_account(account.id),
        lambda client: client.get_access_token_for_connection(hint),
        lambda client: client.get_token_for_connection(
            {"refresh_token": "a-token", **hint}
        ),
    ):
        answer = visitor.does(step)
        assert answer.status_code == 503, answer.text
    assert visitor.user()


def test_a_connection_that_is_not_there(
    visitor: Person, account: ConnectedAccount
) -> None:
    options = {"connection": "x"}
    answer = visitor.does(lambda c: c.get_access_token_for_connection(options))
    assert answer.status_code == 404
    assert visitor.user()


def refused(status: t.Any, **more: t.Any) -> Auth0Error:
    from auth0_server_python.error import MyAccountApiError

    from flask_auth0.client.translation import translate

    given = {"title": "Bad", "type": "urn:x", "detail": None, **more}
    return translate(MyAccountApiError(status=status, **given))


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, 400, "my_account_refused"),
        (401, 401, "login_required"),
        (403, 403, "not_allowed"),
        (404, 404, "my_account_refused"),
        (409, 409, "my_account_refused"),
        (429, 503, "temporarily_unavailable"),
        (500, 503, "temporarily_unavailable"),
        (None, 502, "invalid_response"),
        ("400", 502, "invalid_response"),
        (200, 502, "invalid_response"),
    ],
)
def test_each_status(app: Flask, status: t.Any, code: int, error: str) -> None:
    with app.test_request_context():
        told = refused(status)
    assert (told.code, told.error) == (code, error)


@pytest.mark.parametrize("mode", ["cookies"], indirect=True)
def test_what_is_told_of_wrong_values(app: Flask) -> None:
    errors: t.Any = [
        {"detail": "too short", "field": "phone", "value": "secret", "more": [1]},
        "rubbish",
        {"detail": 5},
    ]
    with app.test_request_context():
        told = refused(400, detail="Not a\nphone", validation_errors=errors).to_dict()
        assert refused(400, validation_errors="rubbish").to_dict()
    assert told["error_description"] == "Not a phone"
    assert told["validation_errors"] == [{"detail": "too short", "field": "phone"}, {}]
