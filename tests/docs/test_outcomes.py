"""The table of what the callback answers, row by row."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer

from .conftest import MakeVisitor, Visitor, query_of
from .pages import path_of, table

ROWS = table(path_of("login.rst"), "What happened")


def error(code: str) -> Callable[[Visitor], Any]:
    """The tenant sends the browser back with an error."""

    def outcome(visitor: Visitor) -> Any:
        state = query_of(visitor.get("/login").location)["state"]
        return visitor.fetch(f"/callback?error={code}&state={state}")

    return outcome


def complete(visitor: Visitor) -> Any:
    return visitor.log_in()


def twice(visitor: Visitor) -> Any:
    callback = visitor.authorize(visitor.get("/login"), "ada@example.com")
    visitor.get(callback)
    return visitor.get(callback)


def forgotten(visitor: Visitor) -> Any:
    callback = visitor.authorize(visitor.get("/login"), "ada@example.com")
    visitor.client = visitor.client.application.test_client()
    return visitor.get(callback)


def without_cookies(visitor: Visitor) -> Any:
    callback = visitor.authorize(forgotten(visitor), "ada@example.com")
    visitor.client = visitor.client.application.test_client()
    return visitor.fetch(callback)


def not_a_login(visitor: Visitor) -> Any:
    return visitor.fetch("/callback")


def answered(status: int, body: bytes) -> Callable[[Visitor], Any]:
    """The tenant answers the exchange of the code like this."""

    def outcome(visitor: Visitor) -> Any:
        callback = visitor.authorize(visitor.get("/login"), "ada@example.com")
        visitor.server.tenant.fail_next_token_request(status, body)
        return visitor.fetch(callback)

    return outcome


def with_claims(path: str = "/login", **claims: Any) -> Callable[[Visitor], Any]:
    """The ID token has these claims."""

    def outcome(visitor: Visitor) -> Any:
        visitor.server.tenant.extra_claims.update(claims)
        callback = visitor.authorize(visitor.get(path), "ada@example.com")
        return visitor.fetch(callback)

    return outcome


OUTCOMES: list[list[Callable[[Visitor], Any]]] = [
    [complete],
    [error("access_denied")],
    [error("login_required"), error("consent_required")],
    [error("server_error"), error("temporarily_unavailable")],
    [error("invalid_request"), error("invalid_scope")],
    [twice],
    [forgotten],
    [not_a_login],
    [without_cookies],
    [answered(400, b'{"error": "invalid_grant"}')],
    [answered(401, b'{"error": "invalid_client"}')],
    [answered(500, b""), answered(429, b"{}"), answered(503, b"<html>")],
    [
        answered(200, b"rubbish"),
        with_claims(nonce="another"),
        with_claims(aud="another"),
        with_claims(iss="https://evil.example/"),
    ],
    [with_claims("/login?organization=org_1", org_id="org_2")],
    [with_claims("/login?max_age=60", auth_time=1)],
    [with_claims(roles=secrets.token_urlsafe(9000))],
]


def test_there_is_an_outcome_for_each_row() -> None:
    assert len(OUTCOMES) == len(ROWS)


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        pytest.param(row, outcome, id=f"{row[1]}-{number}")
        for row, outcomes in zip(ROWS, OUTCOMES, strict=False)
        for number, outcome in enumerate(outcomes)
    ],
)
def test_row(
    row: list[str],
    outcome: Callable[[Visitor], Any],
    tenant: TenantServer,
    make_visitor: MakeVisitor,
) -> None:
    app = Flask(__name__)
    Auth0(app)
    response = outcome(make_visitor(app))
    _, status, answer = row
    assert response.status_code == int(status), response.text
    if answer == "to next":
        assert response.location == "/"
    elif answer.startswith("to the tenant"):
        assert "/authorize?" in response.location
    else:
        code = response.get_json()["error"]
        assert code in answer or "the tenant's" in answer
        assert ("Retry-After" in answer) <= ("Retry-After" in response.headers)


def test_three_logins_that_do_not_last(
    tenant: TenantServer, make_visitor: MakeVisitor
) -> None:
    app = Flask(__name__)
    Auth0(app)
    visitor = make_visitor(app)
    for _ in range(2):
        visitor.log_in()
        for name in visitor.cookies():
            if "loop" not in name:
                visitor.client.delete_cookie(name, domain="localhost")
    stopped = visitor.fetch("/login")
    assert stopped.status_code == 400
    assert stopped.get_json()["error"] == "login_loop"


@pytest.mark.parametrize(
    ("outcome", "named"),
    [
        (answered(401, b'{"error": "invalid_client"}'), "AUTH0_CLIENT_SECRET"),
        (with_claims(roles=secrets.token_urlsafe(9000)), "smaller tokens"),
    ],
)
@pytest.mark.parametrize("debug", [True, False])
def test_in_debug_mode_the_page_names_the_remedy(
    outcome: Callable[[Visitor], Any],
    named: str,
    debug: bool,
    tenant: TenantServer,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Flask(__name__)
    app.debug = debug
    Auth0(app)
    visitor = make_visitor(app)
    monkeypatch.setattr(visitor, "fetch", visitor.get)
    page = outcome(visitor)
    assert (named in page.text) is debug
    # No visitor can help here.
    assert "Try again" not in page.text
    assert "Go to the start page" in page.text
