"""The tenant's own session: who is asked again, and when."""

from __future__ import annotations

import time
from dataclasses import replace

from flask_auth0.tenant import Tenant
from tests.tenant.flow import Flow, code_of, location


def age_session(tenant: Tenant, seconds: int) -> None:
    """As if the login had been so long ago."""
    registry = tenant.session_registry
    (session,) = tenant.sessions()
    older = replace(session, auth_time=int(time.time()) - seconds)
    registry._sessions[session.sid] = older


def sid_of(tenant: Tenant, tokens: dict[str, str]) -> str:
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    sid: str = claims["sid"]
    return sid


def test_second_login_needs_no_page(flow: Flow, tenant: Tenant) -> None:
    first = flow.tokens()
    second = flow.exchange(code_of(flow.authorize())).json()
    assert sid_of(tenant, first) == sid_of(tenant, second)
    assert len(tenant.sessions()) == 1


def test_cookie(flow: Flow) -> None:
    cookie = flow.choose(flow.authorize(), person="auth0|ada").headers["set-cookie"]
    assert cookie.startswith(
        f"flask_auth0_development_tenant_{flow.http.base_url.port}="
    )
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    assert "SameSite=Lax" in cookie


def test_prompt_none(flow: Flow) -> None:
    response = flow.authorize(prompt="none")
    assert location(response).params["error"] == "login_required"
    flow.log_in()
    assert code_of(flow.authorize(prompt="none"))


def test_prompt_none_is_not_answered_by_next_login(flow: Flow, tenant: Tenant) -> None:
    tenant.next_login = "auth0|ada"
    response = flow.authorize(prompt="none")
    assert location(response).params["error"] == "login_required"


def test_prompt_asks_again(flow: Flow) -> None:
    flow.log_in()
    assert "Log in" in flow.authorize(prompt="login").text
    assert "Log in" in flow.authorize(prompt="select_account").text


def test_max_age(flow: Flow, tenant: Tenant) -> None:
    flow.log_in()
    age_session(tenant, 100)
    assert code_of(flow.authorize(max_age="200"))
    assert "Log in" in flow.authorize(max_age="50").text
    response = flow.authorize(max_age="50", prompt="none")
    assert location(response).params["error"] == "login_required"


def test_max_age_0_always_asks(flow: Flow) -> None:
    flow.log_in()
    assert "Log in" in flow.authorize(max_age="0").text


def test_logging_in_again_renews_auth_time(flow: Flow, tenant: Tenant) -> None:
    first = flow.tokens()
    age_session(tenant, 100)
    second = flow.exchange(flow.log_in(max_age="50")).json()
    claims = tenant.keys.claims(second["id_token"])
    assert claims is not None
    assert time.time() - claims["auth_time"] < 10
    assert sid_of(tenant, first) == claims["sid"]


def test_another_person_ends_the_first_session(flow: Flow, tenant: Tenant) -> None:
    first = flow.tokens()
    second = flow.tokens("auth0|grace", prompt="select_account")
    assert sid_of(tenant, first) != sid_of(tenant, second)
    (session,) = tenant.sessions()
    assert session.person.sub == "auth0|grace"


def test_ended_session_asks_again(flow: Flow, tenant: Tenant) -> None:
    flow.log_in()
    tenant.end_session(tenant.sessions()[0].sid)
    assert "Log in" in flow.authorize().text
