"""Tokens of other systems: exchanged, to log in with, and to hand a session over."""

from __future__ import annotations

import json
import time
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0Error, user_logged_in
from flask_auth0.tenant import Tenant
from tests.embedded.conftest import API, SUB, Person, auth0
from tests.harness.clock import Clock
from tests.harness.visitor import GRACE, NAVIGATION

LEGACY = "urn:acme:legacy-token"
TOKEN = {"subject_token": "of-ada", "subject_token_type": LEGACY}


@pytest.fixture
def exchanging(issuer: Tenant) -> Tenant:
    """A tenant that knows tokens of another system."""
    issuer.exchange.register(LEGACY, {"of-ada": SUB, "of-grace": "auth0|grace"}.get)
    return issuer


def login(**changes: str) -> t.Any:
    from auth0_server_python.auth_types import LoginWithCustomTokenExchangeOptions

    scope = "openid profile email offline_access"
    given: dict[str, t.Any] = {**TOKEN, "scope": scope, **changes}
    options = LoginWithCustomTokenExchangeOptions(**given)
    return lambda client: client.login_with_custom_token_exchange(options)


def exchange(**changes: str) -> t.Any:
    given = {**TOKEN, "audience": API, "scope": "openid", **changes}
    return lambda client: client.custom_token_exchange(given)


def transfer(subject: str = "of-grace") -> t.Any:
    return lambda client: client.request_session_transfer_token(subject, LEGACY)


def test_a_login(visitor: Person, exchanging: Tenant, app: Flask) -> None:
    seen: list[t.Any] = []
    visitor.get("/put")
    with user_logged_in.connected_to(lambda sender, user: seen.append(user), app):
        answer = visitor.does(login())
    assert answer.status_code == 200, answer.text
    assert visitor.user()["sub"] == answer.get_json()["user"]["sub"] == SUB
    assert [user["sub"] for user in seen] == [SUB]
    assert visitor.fetch("/cart").get_json() == {"cart": "book"}


def test_another_person_gets_nothing_of_who_was_there(
    visitor: Person, exchanging: Tenant
) -> None:
    visitor.log_in(GRACE)
    visitor.get("/put")
    before = visitor.fetch("/tokens").get_json()
    assert visitor.does(login(audience=API)).status_code == 200
    after = visitor.fetch("/tokens").get_json()
    assert visitor.user()["sub"] == SUB
    assert [*after] == [API]
    assert after[API]["access_token"] != before[API]["access_token"]
    assert visitor.fetch("/cart").get_json() == {"cart": None}


def test_the_ceiling_of_the_identity_provider(
    visitor: Person, exchanging: Tenant, clock: Clock
) -> None:
    # A session ends half a minute before its ceiling.
    exchanging.extra_claims["session_expiry"] = int(time.time()) + 30 + 5000
    assert visitor.does(login()).status_code == 200
    clock.offset = 4990
    assert visitor.user()
    clock.offset = 5000
    assert not visitor.user()


def test_a_session_that_is_over_does_not_begin(
    visitor: Person, exchanging: Tenant
) -> None:
    exchanging.extra_claims["session_expiry"] = int(time.time()) - 5
    answer = visitor.does(login())
    assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")
    assert not visitor.user()


def test_an_exchange_leaves_the_session_alone(
    visitor: Person, exchanging: Tenant
) -> None:
    visitor.log_in(GRACE)
    told = visitor.gets(exchange())
    claims = exchanging.keys.claims(told["access_token"]) or {}
    assert claims["sub"] == SUB
    assert visitor.user()["sub"] == "auth0|grace"


@pytest.mark.parametrize("step", [login, exchange])
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"subject_token": "of-nobody"}, 400, "invalid_request"),
        ({"subject_token_type": "urn:acme:unknown"}, 400, "invalid_request"),
        ({"subject_token": "Bearer of-ada"}, 400, "invalid_token_format"),
    ],
)
def test_a_token_that_is_not_good(
    visitor: Person,
    exchanging: Tenant,
    step: t.Any,
    changes: dict[str, str],
    status: int,
    code: str,
) -> None:
    visitor.log_in(GRACE)
    answer = visitor.does(step(**changes))
    assert (answer.status_code, answer.get_json()["error"]) == (status, code)
    assert "of-ada" not in answer.text
    page = visitor.does(step(**changes), headers=NAVIGATION)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert visitor.user()["sub"] == "auth0|grace"


@pytest.mark.spread("step")
@pytest.mark.parametrize("step", [login, exchange, transfer])
@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, {}, 503),
        (429, {}, 503),
        (403, {"error": "access_denied", "error_description": "<b>no</b>"}, 403),
        (401, {"error": "invalid_client"}, 502),
        (403, {"error": "unauthorized_client"}, 502),
        (400, {"error": ["x"]}, 502),
        (200, {"access_token": "secret", "expires_in": 9, "id_token": 5}, 502),
        (200, {"expires_in": 9}, 502),
    ],
    ids=str,
)
def test_a_tenant_that_refuses(
    visitor: Person,
    exchanging: Tenant,
    step: t.Any,
    status: int,
    body: t.Any,
    told: int,
) -> None:
    visitor.log_in(GRACE)
    exchanging.fail_next_token_request(status=status, body=json.dumps(body).encode())
    answer = visitor.does(step())
    assert answer.status_code == told, answer.text
    assert "secret" not in answer.text
    assert visitor.user()["sub"] == "auth0|grace"


def test_a_tenant_that_is_down(visitor: Person, exchanging: Tenant, app: Flask) -> None:
    visitor.log_in(GRACE)
    client = app.extensions["auth0"].client
    client.transports.breakers.only.failed(float("inf"))
    for step in (login(), exchange(), transfer()):
        assert visitor.does(step).status_code == 503


def test_a_login_without_an_id_token(visitor: Person, exchanging: Tenant) -> None:
    answer = visitor.does(login(scope="read:messages", audience=API))
    assert (answer.status_code, answer.get_json()["error"]) == (502, "invalid_response")
    assert not visitor.user()


@pytest.mark.parametrize("mode", ["cookies", "redis"], indirect=True)
def test_nothing_is_spent_on_a_session_that_cannot_be_kept(
    app: Flask, exchanging: Tenant
) -> None:
    exchanging.token_requests.clear()
    with app.test_request_context(), pytest.raises(Auth0Error, match="response"):
        auth0.run(login()(auth0.client))
    assert exchanging.token_requests == []


# Session transfer


def test_a_session_that_is_handed_over(
    visitor: Person, exchanging: Tenant, app: Flask
) -> None:
    visitor.log_in()
    told = visitor.gets(transfer())
    assert told["issued_token_type"].endswith(":session_transfer_token")

    from auth0_server_python.auth_types import SessionTransferTokenResult

    with app.app_context():
        url = auth0.client.build_session_transfer_redirect(
            "https://other.example.com/login", SessionTransferTokenResult(**told)
        )
    assert url.endswith(f"?session_transfer_token={told['session_transfer_token']}")


def test_an_id_token_that_has_expired_is_refreshed_first(
    visitor: Person, exchanging: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchanging.lifetimes, "id_token", -3000)
    monkeypatch.setattr("flask_auth0.client.signed_tokens.CLOCK_LEEWAY", 4000)
    visitor.log_in()
    monkeypatch.undo()
    exchanging.token_requests.clear()
    exchanging.extra_claims["role"] = "admin"
    assert visitor.gets(transfer())["session_transfer_token"]
    outcomes = [(each[0], each[1]) for each in exchanging.token_requests]
    assert [each for each in outcomes if each[0][0] == "r"] == [("refresh_token", "ok")]
    assert visitor.user()["role"] == "admin"


def test_nobody_hands_nothing_over(visitor: Person, exchanging: Tenant) -> None:
    answer = visitor.does(transfer())
    assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")
