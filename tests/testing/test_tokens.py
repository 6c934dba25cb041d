"""Tokens and ages of sessions in tests, and that nothing is sent to a tenant."""

from __future__ import annotations

import socket
import time
import typing as t

import pytest
from flask import Flask

from flask_auth0 import MfaRequired, TenantUnavailable, token_refreshed
from flask_auth0.testing import CONFIG, log_in, logged_in, logged_in_client

from .conftest import ORDERS, Shop

DAY = 86400


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[t.Any]:
    """Note, and refuse, whatever looks for a host on the network."""
    asked: list[t.Any] = []

    def refuse(*args: t.Any, **options: t.Any) -> t.Any:
        asked.append(args)
        raise OSError("There is no network.")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return asked


def test_tokens_of_several_apis_and_connections(app: Flask) -> None:
    client = logged_in_client(
        app,
        access_token="a",
        access_tokens={ORDERS: "b"},
        connection_tokens={"google-oauth2": "c"},
    )
    paths = ["/token", "/orders", "/calendar"]
    assert [client.get(path).text for path in paths] == ["a", "b", "c"]


def test_tokens_that_are_not_there_or_have_ended(app: Flask) -> None:
    client = logged_in_client(app)
    for path in ["/orders", "/calendar"]:
        assert client.get(path).status_code == 401
    log_in(client, access_tokens={ORDERS: "b"}, expires_in=-1)
    for path in ["/token", "/orders"]:
        assert client.get(path).status_code == 401
    assert client.get("/reason").text == "log in"


def test_what_a_refresh_brings(app: Flask, no_network: list[t.Any]) -> None:
    told: list[Flask] = []
    client, grace = app.test_client(), app.test_client()
    log_in(client, expires_in=-1, refresh="new")
    log_in(grace, expires_in=-1, refresh="other")
    with token_refreshed.connected_to(lambda sender: told.append(sender)):
        assert [client.get("/token").text for _ in range(2)] == ["new", "new"]
    assert told == [app]
    assert grace.get("/orders").text == "other"
    assert no_network == []


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [(MfaRequired(), 401, "one more factor"), (TenantUnavailable(), 503, None)],
    ids=["mfa", "down"],
)
def test_errors_of_a_refresh(
    app: Flask, error: Exception, status: int, reason: str | None
) -> None:
    client = logged_in_client(app, expires_in=-1, refresh=error)
    for path in ["/token", "/orders", "/calendar"]:
        answer = client.get(path)
        assert answer.status_code == status, path
        assert answer.json["error"] == error.error  # type: ignore[attr-defined,index]
    if reason is not None:
        assert client.get("/reason").text == reason


@pytest.mark.parametrize("domain", [None, "real-tenant.eu.auth0.com"])
def test_nobody_is_asked_and_the_error_says_what_to_use(
    domain: str | None, no_network: list[t.Any], caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop(AUTH0_DOMAIN=domain or CONFIG["AUTH0_DOMAIN"])
    client = logged_in_client(shop.app, expires_in=-1, refresh_token="r")
    for path in ["/token", "/login", "/calendar"]:
        answer = client.get(path)
        assert answer.status_code == 503
        told = answer.json["error_description"]  # type: ignore[index]
        assert "log_in of flask_auth0.testing" in told
        assert "auth0_tenant" in told
    assert "auth0_tenant" in caplog.text
    refused = pytest.raises(TenantUnavailable, match="refresh=")
    with logged_in(shop.app, expires_in=-1, refresh_token="r"), refused:
        shop.auth0.get_access_token()
    assert no_network == []


def test_nobody_is_asked_at_a_name_for_examples(
    app: Flask, no_network: list[t.Any]
) -> None:
    answer = app.test_client().get("/login")
    assert "name for examples" in answer.json["error_description"]  # type: ignore[index]
    assert no_network == []


def test_a_visitor_of_a_site_is_not_told_of_tests(app: Flask) -> None:
    app.testing = False
    answer = app.test_client().get("/login")
    assert answer.status_code == 503
    assert "auth0_tenant" not in answer.text


@pytest.mark.parametrize("kind", [None, "memory"])
def test_sessions_of_the_past(kind: str | None) -> None:
    client = Shop(SESSION_TYPE=kind).app.test_client()
    now = time.time()
    ages: list[tuple[dict[str, t.Any], int]] = [
        ({"logged_in_at": now - 2 * DAY}, 200),
        ({"logged_in_at": now - 4 * DAY}, 401),
        ({"last_seen_at": now - DAY / 2}, 200),
        ({"last_seen_at": now - 2 * DAY}, 401),
        ({"logged_in_at": now - 2 * DAY, "last_seen_at": now - 1.5 * DAY}, 401),
    ]
    for given, status in ages:
        log_in(client, **given)
        assert client.get("/profile").status_code == status, given


def test_the_scope_that_was_granted(shop: Shop) -> None:
    from flask_auth0 import login_required

    view = login_required(scopes="read:orders")(lambda: "orders")
    shop.app.add_url_rule("/scoped", "scoped", view)
    client = logged_in_client(shop.app)
    assert client.get("/scoped").status_code == 403
    log_in(client, scope="openid read:orders")
    assert client.get("/scoped").text == "orders"
