"""A call with an access token has nothing to do with the session beside it."""

from __future__ import annotations

import time
import typing as t

import pytest
from flask import Flask, request
from redis import Redis
from werkzeug.test import TestResponse

from flask_auth0 import LoginRequired, bearer_required, current_user, login_required
from flask_auth0.tenant import Tenant
from tests.harness.access_tokens import API, bearer, make_token
from tests.harness.clock import Clock
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import (
    FETCH,
    GRACE,
    HOST,
    NAVIGATION,
    MakeApp,
    MakeVisitor,
    Visitor,
)

from .conftest import add_api, auth0, get


@pytest.fixture
def grace(everywhere: Flask, make_visitor: MakeVisitor) -> Visitor:
    """Somebody who is logged in, as another user than that of the tokens."""
    visitor = make_visitor(everywhere)
    visitor.log_in(GRACE)
    return visitor


def ask(visitor: Visitor, path: str, headers: dict[str, str]) -> TestResponse:
    """Call the API from a page, so that the browser sends its cookies as well."""
    return visitor.client.get(path, base_url=HOST, headers={**FETCH, **headers})


@pytest.mark.parametrize("path", ["/api/me", "/api/async", "/both", "/both/async"])
def test_the_token_counts_and_not_the_session(
    grace: Visitor, issuer: Tenant, path: str
) -> None:
    """Not even in the first request after the login, or when activity is due."""
    before = grace.cookies()
    answer = ask(grace, path, bearer(make_token(issuer)))
    body = answer.get_json()
    assert (body["sub"], body["session"]) == ("auth0|ada", None)
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.vary
    assert grace.cookies() == before
    assert grace.user()["sub"] == "auth0|grace"


def test_no_activity_is_noted(grace: Visitor, issuer: Tenant, clock: Clock) -> None:
    for _ in range(3):
        clock.offset += 0.6 * 86400
        token = make_token(issuer, exp=int(clock.time()) + 1000)
        answer = ask(grace, "/api/me", bearer(token))
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert grace.user() is None


def test_a_bad_token_is_not_made_good_by_a_session(
    grace: Visitor, issuer: Tenant
) -> None:
    for path in ("/api/me", "/both", "/both/async"):
        for token in ("x", make_token(issuer, exp=1)):
            answer = ask(grace, path, bearer(token))
            assert answer.status_code == 401
            assert "Set-Cookie" not in answer.headers
            navigation = grace.get(path, headers={**NAVIGATION, **bearer(token)})
            assert navigation.status_code == 401
    assert ask(grace, "/api/me", {}).status_code == 401
    assert ask(grace, "/both", {}).get_json()["sub"] == "auth0|grace"


def test_no_server_of_sessions_is_asked(
    make_app: MakeApp, make_visitor: MakeVisitor, issuer: Tenant, redis_url: str
) -> None:
    """Calls of the API go on while it is down."""
    settings = {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}
    visitor = make_visitor(add_api(make_app(settings, audience=API)))
    visitor.log_in()
    with Redis.from_url(redis_url) as redis:
        before = redis.info("stats")["total_commands_processed"]
        for path in ("/api/me", "/both/async"):
            token = make_token(issuer)
            assert ask(visitor, path, bearer(token)).status_code == 200
            assert ask(visitor, path, bearer("x")).status_code == 401
        after = redis.info("stats")["total_commands_processed"]
    # The question itself is one.
    assert after - before == 1


def test_who_has_neither(everywhere: Flask) -> None:
    client = everywhere.test_client()
    for path in ("/both", "/both/async"):
        page = client.get(path, base_url=HOST, headers=NAVIGATION)
        assert (page.status_code, page.location) == (302, f"/login?next={path}")
        assert "WWW-Authenticate" not in page.headers
        told = client.get(path, base_url=HOST, headers=FETCH)
        assert told.status_code == 401
        assert told.get_json()["login_url"] == "/login?next=/"
        assert told.headers["WWW-Authenticate"] == "Bearer"
        assert {"Authorization", "Cookie"} <= set(told.vary)


def test_another_scheme_leaves_the_session(grace: Visitor) -> None:
    """A proxy may ask for a password in front of everything."""
    answer = ask(grace, "/both", {"Authorization": "Basic YWRhOng="})
    assert answer.get_json()["sub"] == "auth0|grace"


def test_a_gateways_token_leaves_the_session(grace: Visitor) -> None:
    """It adds a token to every request; a view that takes none does not see it."""
    for _ in range(3):
        assert ask(grace, "/user", bearer("gateway")).get_json()["sub"] == "auth0|grace"
        assert grace.get("/profile", headers={**NAVIGATION, **bearer("gateway")}).text


def test_calls_that_need_a_session_say_so(app: Flask, issuer: Tenant) -> None:
    """The token is good, so the answer is no 401, and no login could help."""
    answer = get(app, "/both/token", bearer(make_token(issuer)))
    assert answer.status_code == 403
    body = answer.get_json()
    assert body["error"] == "login_required"
    assert "access token" in body["error_description"]
    assert body["login_url"] is None


def test_all_of_them(app: Flask, issuer: Tenant) -> None:
    calls: dict[str, t.Callable[[], t.Any]] = {
        "token": lambda: auth0.get_access_token(),
        "connection": lambda: auth0.get_access_token_for_connection("google-oauth2"),
        "update": lambda: auth0.update_session(name="Eve"),
        "awaited": lambda: auth0.run(auth0.client.get_access_token()),
    }

    @app.get("/calls")
    @bearer_required
    def view() -> str:
        with pytest.raises(LoginRequired, match="access token"):
            calls[request.args["call"]]()
        return "refused"

    for name in calls:
        answer = get(app, f"/calls?call={name}", bearer(make_token(issuer)))
        assert answer.text == "refused"


def test_nothing_of_the_sdk_finds_the_session(grace: Visitor, issuer: Tenant) -> None:
    """A call for one user must not use the refresh token of the other."""
    answer = ask(grace, "/both/state", bearer(make_token(issuer)))
    assert answer.get_json() == {"state": None}
    assert ask(grace, "/both/state", {}).get_json() == {"state": "found"}


def test_nor_one_in_a_store_of_the_apps_own(
    make_app: MakeApp, make_visitor: MakeVisitor, issuer: Tenant
) -> None:
    visitor = make_visitor(add_api(make_app(state_store=SimpleStore(), audience=API)))
    visitor.log_in(GRACE)
    answer = ask(visitor, "/both/state", bearer(make_token(issuer)))
    assert answer.get_json() == {"state": None}
    assert "Set-Cookie" not in answer.headers
    assert ask(visitor, "/both/state", {}).get_json() == {"state": "found"}


def test_the_claims_cannot_be_changed(app: Flask, issuer: Tenant) -> None:
    """The next request with the same token would see it."""

    @app.get("/change")
    @bearer_required
    def change() -> t.Any:
        user = auth0.run(auth0.client.get_user()) or {}
        user["permissions"].append("evil")
        current_user["permissions"].append("evil")
        (auth0.get_user() or {})["permissions"].append("evil")
        return current_user["permissions"]

    headers = bearer(make_token(issuer))
    for _ in range(3):
        assert get(app, "/change", headers).get_json() == ["read:messages"]


def test_organization_and_age_of_a_token(app: Flask, issuer: Tenant) -> None:
    def ask(**claims: t.Any) -> TestResponse:
        headers = {**FETCH, **bearer(make_token(issuer, **claims))}
        return get(app, "/both/team", headers, method="POST")

    now = time.time()
    member = {"org_id": "org_1", "auth_time": int(now)}
    assert ask(**member).status_code == 200
    assert ask(**{**member, "org_id": "org_2"}).status_code == 403
    for auth_time in (int(now) - 100, None):
        late = ask(**{**member, "auth_time": auth_time})
        assert late.status_code == 401
        challenge = late.headers["WWW-Authenticate"]
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'max_age="60"' in challenge


def test_a_page_of_the_session_is_kept_apart(grace: Visitor, issuer: Tenant) -> None:
    """A browser's cache must not show one user's answer to the other."""
    for headers in ({}, bearer(make_token(issuer))):
        answer = ask(grace, "/both", headers)
        assert "Authorization" in answer.vary
        assert answer.cache_control.private


def test_a_guard_of_users_takes_the_token_of_one_before(
    app: Flask, issuer: Tenant
) -> None:
    app.before_request(login_required(bearer=True)(lambda: None))
    app.add_url_rule("/inner", "inner", login_required(lambda: f"{current_user.sub}"))
    assert get(app, "/inner", bearer(make_token(issuer))).text == "auth0|ada"
    assert get(app, "/inner", FETCH).status_code == 401
