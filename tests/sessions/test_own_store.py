"""A state store of an app's own may be as simple as the SDK's documentation has it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from flask import Flask, Response, session

from flask_auth0 import (
    Auth0,
    Auth0Error,
    ConfigurationError,
    current_user,
    user_logged_in,
    user_logged_out,
)
from flask_auth0.tenant import TenantServer
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import ADA, GRACE, MakeApp, Visitor

OFFLINE = "openid profile email offline_access"


@pytest.fixture
def store() -> SimpleStore:
    return SimpleStore()


@pytest.fixture
def app(make_app: MakeApp, store: SimpleStore) -> Flask:
    app = make_app(state_store=store, scope=OFFLINE)
    auth0 = Auth0()

    @app.get("/tokens")
    def tokens() -> t.Any:
        return [auth0.get_access_token() for _ in range(3)]

    @app.get("/whole")
    def whole() -> t.Any:
        return auth0.get_session()

    @app.get("/connection-token")
    def connection_token() -> str:
        return auth0.get_access_token_for_connection("google-oauth2", "ada")

    @app.get("/link")
    async def link() -> str:
        options = {"connection": "google-oauth2", "authorization_params": {}}
        return await auth0.client.start_link_user(options)

    @app.get("/put/<name>/<value>")
    def put(name: str, value: str) -> str:
        session[name] = value
        return "kept"

    @app.get("/session")
    def show() -> t.Any:
        return dict(session)

    return app


@pytest.fixture
def short_tokens(tenant: TenantServer) -> t.Iterator[None]:
    """Access tokens that have expired when they arrive."""
    lifetimes = tenant.tenant.lifetimes
    before, lifetimes.access_token = lifetimes.access_token, 0
    yield
    lifetimes.access_token = before


def cookies_of(response: t.Any) -> list[str]:
    """What a response sets the store's cookie to."""
    cookies = response.headers.getlist("Set-Cookie")
    return [c.partition(";")[0] for c in cookies if c.startswith("own=")]


def test_caches_are_told_that_the_user_matters(visitor: Visitor) -> None:
    """Although nobody has looked into Flask's session."""
    visitor.log_in()
    for _ in range(2):
        headers = visitor.get("/user").headers
        assert headers["Vary"] == "Cookie"
        assert headers["Cache-Control"] == "private"


@pytest.mark.parametrize("case", ["server", "replaced", "without a key"])
def test_they_are_told_whoever_saves_the_session(
    make_app: MakeApp, store: SimpleStore, tmp_path: Path, case: str
) -> None:
    """A page for nobody in particular must not be shown to those who are logged in."""
    url = f"sqlite:///{tmp_path / 'sessions.db'}"
    server = {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}
    app = make_app(server if case == "server" else {}, state_store=store)
    interface: t.Any = app.session_interface
    if case == "replaced":
        interface.save_session = lambda app, session, response: None
    if case == "without a key":
        app.secret_key = None
    headers = app.test_client().get("/user").headers
    assert headers["Vary"] == "Cookie"


def test_a_refused_login_sends_no_session(
    visitor: Visitor, store: SimpleStore, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["nonce"] = "of-another-login"
    refused = visitor.log_in()
    assert refused.status_code == 502
    assert cookies_of(refused) == []
    assert store.states == {}


def test_one_that_a_receiver_refuses_neither(
    visitor: Visitor, store: SimpleStore
) -> None:
    def refuse(app: Flask, user: t.Any) -> None:
        raise Auth0Error("Not you.", code=403)

    with user_logged_in.connected_to(refuse):
        refused = visitor.log_in()
    assert refused.status_code == 403
    assert cookies_of(refused) == ["own="]
    assert store.states == {}


def test_signals_find_the_user_of_the_moment(app: Flask, visitor: Visitor) -> None:
    seen: list[t.Any] = []

    @app.before_request
    def ask() -> None:
        seen.append(current_user.get("email"))

    def look(app: Flask, user: t.Any) -> None:
        seen.append(current_user.get("email"))

    visitor.get("/")
    with user_logged_in.connected_to(look), user_logged_out.connected_to(look):
        for person in [ADA, GRACE]:
            started = visitor.authorize(visitor.get("/login"), person)
            seen.clear()
            visitor.get(started)
            assert seen[1:] == [person]
        seen.clear()
        visitor.get("/logout")
        assert seen == [GRACE, None]


@pytest.mark.usefixtures("short_tokens")
def test_tokens_stay_good_after_a_refresh_without_an_audience(
    visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    id_token = visitor.get("/whole").get_json()["id_token"]
    tenant.tenant.lifetimes.access_token = 3600
    before = len(tenant.tenant.token_requests)
    found = {token for _ in range(2) for token in visitor.get("/tokens").get_json()}
    assert len(found) == 1
    assert len(tenant.tenant.token_requests) == before + 1
    whole = visitor.get("/whole").get_json()
    assert len(whole["token_sets"]) == 1
    assert whole["id_token"].count(".") == id_token.count(".")


def test_options_arrive_wherever_the_sdk_puts_them(
    visitor: Visitor, store: SimpleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def exchange(options: t.Any) -> t.Any:
        return {"access_token": "of-google", "expires_in": 60, "scope": "calendar"}

    client = visitor.app.extensions["auth0"].client
    monkeypatch.setattr(client, "get_token_for_connection", exchange)
    visitor.log_in()
    assert visitor.get("/connection-token").text == "of-google"
    (state,) = store.states.values()
    assert state["connection_token_sets"][0]["access_token"] == "of-google"


def test_methods_of_the_sdk_that_take_no_model(visitor: Visitor) -> None:
    visitor.log_in()
    assert "requested_connection=google-oauth2" in visitor.get("/link").text


def test_another_users_data_is_not_kept(visitor: Visitor) -> None:
    visitor.get("/put/cart/book")
    visitor.log_in(ADA)
    visitor.log_in(ADA)
    assert visitor.get("/session").get_json() == {"cart": "book"}
    visitor.log_in(GRACE)
    assert visitor.get("/session").get_json() == {}


def test_a_login_that_was_refused_leaves_all_as_it_was(
    visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in(ADA)
    visitor.get("/put/cart/book")
    tenant.tenant.extra_claims["nonce"] = "of-another-login"
    assert visitor.log_in(GRACE).status_code == 502
    assert visitor.get("/session").get_json() == {"cart": "book"}
    assert visitor.user()["email"] == ADA


def test_a_page_about_an_outage_may_ask_for_the_user(
    app: Flask, visitor: Visitor, store: SimpleStore
) -> None:
    @app.errorhandler(Auth0Error)
    def explain(error: Auth0Error) -> t.Any:
        return f"{error.error} for {current_user.get('email', 'nobody')}", 503

    visitor.log_in()
    store.is_down = True
    page = visitor.get("/profile")
    assert page.status_code == 503
    assert page.text == "session_store_unavailable for nobody"


def test_nobody_else_can_list_its_sessions(app: Flask) -> None:
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match="own state store"),
    ):
        Auth0().sessions.of("auth0|ada")


def test_other_headers_of_a_store_are_sent_too(make_app: MakeApp) -> None:
    class Telling(SimpleStore):
        async def get(self, identifier: str, options: t.Any = None) -> t.Any:
            response: Response = options["response"]
            response.headers["X-Store"] = "asked"
            response.set_cookie("plain", "1", 60, None, "/here")
            return None

    answer = make_app(state_store=Telling()).test_client().get("/user")
    assert answer.headers["X-Store"] == "asked"
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("plain=1;")
    assert cookie.endswith("; Max-Age=60; Path=/here")
