"""One refresh reaches the tenant, however many ask for a token at the same time."""

from __future__ import annotations

import asyncio
import threading
import time
import types
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
from flask import Flask, request
from redis import Redis
from werkzeug.test import TestResponse

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.runtime import loop
from flask_auth0.sessions.state_store import KEY
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.grants import RefreshGrant
from tests.harness.visitor import FETCH, HOST, MakeApp, MakeVisitor, Visitor

OFFLINE = "openid profile email offline_access"
API = "https://api.example.com"
MODES = ["cookie", "redis"]


@pytest.fixture(params=MODES)
def config(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    """Sessions in each place."""
    if request.param == "cookie":
        return {}
    url = request.getfixturevalue("redis_url")
    with Redis.from_url(url) as redis:
        redis.flushdb()
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}


@pytest.fixture
def app(make_app: MakeApp, config: dict[str, t.Any]) -> Flask:
    # Tokens for many audiences are more than the default has room for.
    config = {**config, "AUTH0_RESPONSE_HEADER_LIMIT": 16384}
    app = make_app(config, scope=OFFLINE, audience=API)
    add_views(app)
    return app


def add_views(app: Flask) -> None:
    auth0 = Auth0()

    @app.get("/token")
    def token() -> t.Any:
        return auth0.get_access_token(
            audience=request.args.get("audience"),
            scope=request.args.get("scope"),
            force_refresh="force" in request.args,
        )

    @app.get("/token-async")
    async def token_async() -> t.Any:
        calls = [auth0.client.get_access_token() for _ in range(3)]
        return "\n".join(await asyncio.gather(*calls))


@pytest.fixture
def expired(tenant: TenantServer) -> t.Iterator[t.Callable[[], None]]:
    """Let the access tokens of the next logins have expired on arrival."""
    lifetimes = tenant.tenant.lifetimes
    before = lifetimes.access_token
    lifetimes.access_token = 0

    def later_ones_are_good() -> None:
        lifetimes.access_token = before

    yield later_ones_are_good
    lifetimes.access_token = before


def refreshes(tenant: TenantServer) -> list[str]:
    """The outcomes of the requests to refresh that have reached the tenant."""
    return [each[1] for each in tenant.tenant.token_requests if each[0][0] == "r"]


def at_once(visitor: Visitor, paths: t.Sequence[str]) -> list[TestResponse]:
    """Send requests of one browser at the same time, with the same cookies."""
    cookies = visitor.cookies()
    barrier = threading.Barrier(len(paths))

    def send(path: str) -> TestResponse:
        client = visitor.app.test_client()
        for name, value in cookies.items():
            client.set_cookie(name, value, domain="localhost")
        barrier.wait()
        return client.get(path, base_url=HOST, headers=FETCH)

    with ThreadPoolExecutor(len(paths)) as executor:
        return list(executor.map(send, paths))


def adopt(visitor: Visitor, response: TestResponse) -> None:
    """Take over the cookies of a response."""
    for header in response.headers.getlist("Set-Cookie"):
        name, _, value = header.partition(";")[0].partition("=")
        visitor.set_cookie(name, value)


def test_many_requests_refresh_once(
    app: Flask,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
) -> None:
    for _ in range(3):
        visitor = make_visitor(app)
        tenant.tenant.lifetimes.access_token = 0
        visitor.log_in()
        expired()
        tenant.tenant.token_requests.clear()
        answers = at_once(visitor, ["/token", "/token-async"] * 8)
        assert {each.status_code for each in answers} == {200}
        tokens = {token for each in answers for token in each.text.split()}
        assert len(tokens) == 1
        assert refreshes(tenant) == ["ok"]
        # Whichever of the answers the browser takes last, the session goes on.
        for answer in (answers[0], answers[-1]):
            adopt(visitor, answer)
            assert {visitor.fetch("/token").text} == tokens
        assert refreshes(tenant) == ["ok"]


def test_a_token_that_has_expired_on_arrival_is_not_asked_for_again_and_again(
    app: Flask, visitor: Visitor, tenant: TenantServer, expired: t.Callable[[], None]
) -> None:
    visitor.log_in()
    tenant.tenant.token_requests.clear()
    answers = at_once(visitor, ["/token"] * 8)
    assert {each.status_code for each in answers} == {200}
    assert refreshes(tenant) == ["ok"]


def test_a_forced_refresh_is_shared_as_well(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    before = visitor.fetch("/token").text
    tenant.tenant.token_requests.clear()
    # Whoever asks after the answer wants another one.
    tenant.tenant.fail_next_token_request(status=None, delay=0.5)
    answers = at_once(visitor, ["/token?force"] * 8)
    (token,) = {each.text for each in answers}
    assert token != before
    assert refreshes(tenant) == ["ok"]
    adopt(visitor, answers[0])
    assert visitor.fetch("/token").text == token
    assert visitor.fetch("/token?force").text != token
    assert refreshes(tenant) == ["ok", "ok"]


def test_two_audiences_at_once_spend_no_refresh_token_twice(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    for round in range(3):
        tenant.tenant.token_requests.clear()
        paths = [f"/token?audience=https://{round}.{n}.example" for n in range(4)]
        answers = at_once(visitor, paths * 2)
        assert {each.status_code for each in answers} == {200}
        assert refreshes(tenant) == ["ok"] * 4
        adopt(visitor, answers[-1])
    assert visitor.fetch("/token?force").status_code == 200


@pytest.mark.parametrize("status", [500, 503, 400])
def test_a_tenant_that_fails_is_asked_once_and_then_again(
    app: Flask,
    visitor: Visitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
    status: int,
) -> None:
    visitor.log_in()
    expired()
    tenant.tenant.token_requests.clear()
    body = b'{"error": "temporarily_unavailable"}'
    tenant.tenant.fail_next_token_request(status=status, body=body, delay=0.5)
    answers = at_once(visitor, ["/token"] * 8)
    assert {each.status_code for each in answers} == {503 if status != 400 else 502}
    assert len(refreshes(tenant)) == 1
    assert visitor.user() is not None
    assert visitor.fetch("/token").status_code == 200
    assert len(refreshes(tenant)) == 2


def test_an_answer_that_comes_too_late_is_not_lost(
    make_app: MakeApp,
    config: dict[str, t.Any],
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
) -> None:
    """The tenant has exchanged the token, so it must not be spent again."""
    app = make_app(config, scope=OFFLINE, audience=API, timeout=1)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    expired()
    tenant.tenant.token_requests.clear()
    client = app.extensions["auth0"].client
    original = client._exchange
    arrived = threading.Event()

    async def slow(*args: t.Any) -> t.Any:
        try:
            return await original(*args)
        finally:
            await asyncio.sleep(1.2)
            arrived.set()

    client._exchange = slow
    assert visitor.fetch("/token").status_code == 503
    assert arrived.wait(5)
    client._exchange = original
    assert visitor.fetch("/token").status_code == 200
    assert refreshes(tenant) == ["ok"]


def test_the_leeway(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
) -> None:
    tenant.tenant.lifetimes.access_token = 20
    for leeway, refreshed in [(30, 1), (0, 0)]:
        app = make_app(scope=OFFLINE, token_refresh_leeway=leeway)
        add_views(app)
        visitor = make_visitor(app)
        visitor.log_in()
        tenant.tenant.token_requests.clear()
        # A refreshed one is as short, and is used for half of its time all the same.
        tokens = [visitor.fetch("/token").text for _ in range(3)]
        assert len(set(tokens)) == 1
        assert len(refreshes(tenant)) == refreshed


def test_a_narrower_scope_than_asked_for_is_not_asked_for_again(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    visitor.log_in()
    tenant.tenant.token_requests.clear()
    answers = [visitor.fetch("/token?scope=write:everything") for _ in range(3)]
    assert {each.status_code for each in answers} == {200}
    assert len({each.text for each in answers}) == 1
    assert refreshes(tenant) == ["ok"]


def test_a_refresh_asks_for_no_more_than_was_granted(
    make_app: MakeApp,
    config: dict[str, t.Any],
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    expired: t.Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Auth0 overlooks it, and others refuse it (RFC 6749, section 6)."""
    strict = RefreshTokenGrant._validate_token_scope
    monkeypatch.setattr(RefreshGrant, "_validate_token_scope", strict)
    app = make_app(config, scope=f"{OFFLINE} write:everything", audience=API)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    expired()
    tenant.tenant.token_requests.clear()
    assert visitor.fetch("/token").status_code == 200
    assert refreshes(tenant) == ["ok"]
    # More than that is asked for if the app wants it.
    assert visitor.fetch("/token?scope=write:all").status_code == 502
    assert refreshes(tenant) == ["ok", "invalid_scope"]


def test_first_requests_fetch_metadata_and_keys_once(
    make_app: MakeApp, tenant: TenantServer, make_visitor: MakeVisitor
) -> None:
    app = make_app()
    client = app.extensions["auth0"].client
    asked: list[str] = []
    original = client._here

    async def count(response: t.Any) -> None:
        asked.append(response.request.url.path)

    def here() -> t.Any:
        found = original()
        if count not in found.http.event_hooks["response"]:
            found.http.event_hooks["response"].append(count)
        return found

    client._here = here
    callbacks = [
        visitor.authorize(visitor.get("/login"))
        for visitor in (make_visitor(make_app()) for _ in range(1))
    ]
    assert callbacks

    async def both() -> None:
        metadata = await client._get_oidc_metadata_cached(client._config.domain)
        await client._get_jwks_cached(client._config.domain, metadata)

    async def many() -> None:
        await asyncio.gather(*(both() for _ in range(20)))

    with app.app_context():
        loop.run(many(), 10)
    assert sorted(asked) == [
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
    ]


def test_a_text_as_lifetime(
    app: Flask, visitor: Visitor, tenant: TenantServer, expired: t.Callable[[], None]
) -> None:
    visitor.log_in()
    tenant.tenant.fail_next_token_request(
        status=200,
        body=b'{"access_token": "text", "token_type": "Bearer", "expires_in": "3600"}',
    )
    assert visitor.fetch("/token").text == "text"
    assert visitor.fetch("/token").text == "text"


def test_one_more_factor(
    app: Flask, visitor: Visitor, tenant: TenantServer, expired: t.Callable[[], None]
) -> None:
    for extra in ["", ', "mfa_token": "raw-mfa-token"']:
        visitor.log_in()
        body = '{"error": "mfa_required", "error_description": "More"' + extra + "}"
        tenant.tenant.fail_next_token_request(status=403, body=body.encode())
        told = visitor.fetch("/token")
        assert told.status_code == 401
        content = told.get_json()
        assert content["error"] == "mfa_required"
        assert "acr_values=http" in content["login_url"]
        assert "raw-mfa-token" not in told.text
        assert visitor.user() is not None


def test_what_it_says_when_it_cannot(
    app: Flask, visitor: Visitor, tenant: TenantServer, expired: t.Callable[[], None]
) -> None:
    cases = {
        "login_required": (401, 400, b'{"error": "invalid_grant"}'),
        "mfa_required": (401, 403, b'{"error": "mfa_required"}'),
        "temporarily_unavailable": (503, 500, b"oops"),
    }
    for error, (answer, status, body) in cases.items():
        visitor.log_in()
        tenant.tenant.fail_next_token_request(status=status, body=body)
        told = visitor.fetch("/token")
        assert (told.status_code, told.get_json()["error"]) == (answer, error)


def test_what_was_read_before_another_turn_is_no_loss(
    app: Flask, visitor: Visitor
) -> None:
    """Calls that an async view gathers may forget what one of them has read."""

    @app.get("/change")
    def change() -> t.Any:
        auth0, store = Auth0(), state_of(app).state_store
        before = auth0.run(store.get(KEY))
        assert before is not None
        store.reread()
        auth0.run(store.set(KEY, {**before, "id_token": None}))
        after = auth0.run(store.get(KEY))
        assert after is not None
        return {"is_kept": after["id_token"] == before["id_token"]}

    visitor.log_in()
    assert visitor.fetch("/change").get_json() == {"is_kept": True}


@pytest.mark.parametrize("config", ["redis"], indirect=True)
def test_a_session_that_is_over_after_a_refresh_gets_no_token(
    app: Flask,
    make_visitor: MakeVisitor,
    visitor: Visitor,
    expired: t.Callable[[], None],
) -> None:
    """Whoever has logged out meanwhile is nobody, in the rest of the view as well."""
    visitor.log_in()
    tab = make_visitor(app)
    for name, value in visitor.cookies().items():
        tab.set_cookie(name, value)
    client = app.extensions["auth0"].client
    original = client._exchange

    async def exchange(*args: t.Any) -> t.Any:
        found = await original(*args)
        running = asyncio.get_running_loop()
        await running.run_in_executor(None, tab.get, "/logout")
        return found

    client._exchange = exchange
    answer = visitor.fetch("/token")
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "login_required"
    assert visitor.user() is None


@pytest.fixture
def exchanged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[t.Any]:
    """Return what connections are asked for; the development tenant knows of none."""
    asked: list[t.Any] = []

    async def exchange(options: dict[str, t.Any]) -> t.Any:
        asked.append((options["connection"], options["login_hint"]))
        await asyncio.sleep(0.05)
        lasts = int(app.config.get("LASTS", 3600))
        return {"access_token": f"{asked[-1]} {len(asked)}", "expires_in": lasts}

    client = app.extensions["auth0"].client
    monkeypatch.setattr(client, "get_token_for_connection", exchange)
    auth0 = Auth0()

    @app.get("/of/<connection>")
    def of(connection: str) -> str:
        hint = request.args.get("hint")
        return auth0.get_access_token_for_connection(connection, hint)

    return asked


def test_the_token_of_a_connection_is_kept(
    visitor: Visitor, exchanged: list[t.Any]
) -> None:
    visitor.log_in()
    first = {visitor.fetch("/of/google").text for _ in range(3)}
    other = visitor.fetch("/of/github").text
    assert len(first) == 1
    assert exchanged == [("google", None), ("github", None)]
    # Other tokens come and go meanwhile.
    assert visitor.fetch("/token?force").status_code == 200
    assert {visitor.fetch("/of/google").text} == first
    assert visitor.fetch("/of/github").text == other
    assert len(exchanged) == 2


def test_one_that_is_good_waits_for_nobody(
    app: Flask, visitor: Visitor, exchanged: list[t.Any]
) -> None:
    visitor.log_in()
    token = visitor.fetch("/of/google").text

    def fail(*args: t.Any) -> t.Any:
        raise AssertionError("It waits for its turn.")

    app.extensions["auth0"].client._turn = fail
    assert visitor.fetch("/of/google").text == token


def test_many_ask_for_the_token_of_a_connection_at_once(
    visitor: Visitor, exchanged: list[t.Any], config: dict[str, t.Any]
) -> None:
    visitor.log_in()
    answers = at_once(visitor, ["/of/google"] * 8)
    assert {each.status_code for each in answers} == {200}
    if config:
        assert len({each.text for each in answers}) == 1
        assert len(exchanged) == 1


def test_the_token_of_one_account_is_not_that_of_another(
    visitor: Visitor, exchanged: list[t.Any]
) -> None:
    visitor.log_in()
    ada, bob = (visitor.fetch(f"/of/google?hint={who}").text for who in ("ada", "bob"))
    assert exchanged == [("google", "ada"), ("google", "bob")]
    assert ada != bob
    for _ in range(2):
        assert visitor.fetch("/of/google?hint=ada").text == ada
        assert visitor.fetch("/of/google?hint=bob").text == bob
        assert visitor.fetch("/of/google").text in {ada, bob}
    assert len(exchanged) == 2


@pytest.mark.parametrize(("lasts", "many"), [(0, 3), (29, 1), (3600, 1)])
def test_the_token_of_a_connection_is_replaced_in_time(
    app: Flask, visitor: Visitor, exchanged: list[t.Any], lasts: int, many: int
) -> None:
    app.config["LASTS"] = lasts
    visitor.log_in()
    for _ in range(3):
        assert visitor.fetch("/of/google").status_code == 200
    assert len(exchanged) == many


def test_the_leeway_holds_for_connections(
    app: Flask,
    visitor: Visitor,
    exchanged: list[t.Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor.log_in()
    first = visitor.fetch("/of/google").text
    soon = time.time() + 3600 - 20
    monkeypatch.setattr(
        "flask_auth0.client.tokens.time",
        types.SimpleNamespace(time=lambda: soon, monotonic=time.monotonic),
    )
    assert visitor.fetch("/of/google").text != first
    assert len(exchanged) == 2
