"""Callbacks whose transaction is not there: a login begins again, once."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.harness.visitor import ADA, GRACE, HOST, Visitor, error_of, query_of


def test_head_requests_consume_no_code(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    assert visitor.client.head(callback, base_url=HOST).status_code == 204
    assert visitor.get(callback).location == "/"
    assert visitor.user()["email"] == ADA


def test_a_lost_transaction_starts_a_login_again_once(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    visitor.client = visitor.app.test_client()
    again = visitor.get(callback)
    assert "/authorize" in again.location
    callback = visitor.authorize(again)
    visitor.client = visitor.app.test_client()
    stopped = visitor.get(callback)
    assert stopped.status_code == 400
    assert error_of(stopped) == "cookies_refused"
    assert 'href="/login?next=/profile"' in stopped.text


def test_a_lost_transaction_keeps_next(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile?a%3D1"))
    visitor.client = visitor.app.test_client()
    response = visitor.get(visitor.authorize(visitor.get(callback)))
    assert response.location == "/profile?a=1"


def test_a_replayed_callback_goes_on_while_logged_in(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    assert visitor.get(callback).location == "/profile"
    replayed = visitor.get(callback)
    assert (replayed.status_code, replayed.location) == (302, "/profile")
    assert visitor.user()["email"] == ADA


def test_a_replayed_callback_while_logged_out_logs_in_anew(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    visitor.get(callback)
    visitor.get("/logout")
    assert "/authorize" in visitor.get(callback).location
    assert visitor.user() is None


@pytest.mark.parametrize(
    "query",
    [
        "?state=x&code=y",
        "?state=x.y.z&code=y",
        "?state=%00&code=%ff",
        "?code=y&state=" + "a" * 4000,
    ],
)
def test_a_callback_nobody_knows_starts_a_login(visitor: Visitor, query: str) -> None:
    response = visitor.get(f"/callback{query}")
    assert "/authorize" in response.location
    assert visitor.user() is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?state=",
        "?code=x",
        "?state=x",
        "?error=access_denied",
        "?error=access_denied&state=unknown&error_description=Call+this+number",
    ],
)
def test_what_is_no_answer_to_a_login_starts_none(visitor: Visitor, query: str) -> None:
    response = visitor.get(f"/callback{query}")
    assert response.status_code == 400
    assert error_of(response) == "login_failed"
    assert "Try again" in response.text
    assert "Call" not in response.text


def test_a_tenant_that_loses_every_state_is_no_circle(visitor: Visitor) -> None:
    statuses = []
    for _ in range(2):
        response = visitor.get("/callback?state=foreign&code=x")
        statuses.append(response.status_code)
    assert statuses == [302, 400]
    assert error_of(response) == "login_loop"


def test_a_tampered_state_logs_nobody_in(visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login?next=/profile"))
    state = query_of(callback)["state"]
    for tampered in ["x" + state, state[:10], state.swapcase()]:
        visitor.get(callback.replace(state, tampered))
        assert visitor.user() is None


def test_a_callback_without_a_code(visitor: Visitor) -> None:
    state = query_of(visitor.get("/login").location)["state"]
    response = visitor.get(f"/callback?state={state}")
    assert response.status_code == 400
    assert error_of(response) == "login_failed"


def test_a_code_of_another_login_is_refused(visitor: Visitor) -> None:
    first = query_of(visitor.authorize(visitor.get("/login")))
    second = query_of(visitor.authorize(visitor.get("/login"), GRACE))
    mixed = urlencode({"code": second["code"], "state": first["state"]})
    response = visitor.get(f"/callback?{mixed}")
    assert response.status_code == 400
    assert error_of(response) == "invalid_grant"
    assert visitor.user() is None


def test_a_login_that_starts_again_asks_for_the_same(visitor: Visitor) -> None:
    asked = {"organization": "org_1", "connection": "github", "max_age": "60"}
    callback = visitor.authorize(visitor.get(f"/login?{urlencode(asked)}"))
    visitor.client = visitor.app.test_client()
    again = query_of(visitor.get(callback).location)
    assert {name: again[name] for name in asked} == asked
    state = again["state"]
    refused = visitor.get(f"/callback?error=access_denied&state={state}")
    assert "connection=github" in refused.text
