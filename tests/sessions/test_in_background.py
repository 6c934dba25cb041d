"""A session outside of its requests: its user, its tokens, and its end."""

from __future__ import annotations

import asyncio
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from flask import Flask

from flask_auth0 import (
    Auth0,
    ConfigurationError,
    LoginRequired,
    TenantUnavailable,
    current_user,
    token_refreshed,
)
from flask_auth0.app_state import state_of
from flask_auth0.background import BackgroundSession
from flask_auth0.tenant import TenantServer
from tests.harness.clock import Clock
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import GRACE, MakeApp, MakeVisitor, Visitor
from tests.tokens.refreshing import API, OFFLINE, add_views, at_once, refreshes

T = t.TypeVar("T")


@pytest.fixture
def config(redis_settings: dict[str, t.Any]) -> dict[str, t.Any]:
    return redis_settings


@pytest.fixture
def app(make_app: MakeApp, config: dict[str, t.Any]) -> Flask:
    app = make_app(config, scope=OFFLINE, audience=API)
    add_views(app)
    add_id(app)
    return app


def add_id(app: Flask) -> None:
    @app.get("/id")
    def current_id() -> t.Any:
        return {"id": Auth0().sessions.current_id}

    @app.get("/of/<id>")
    def of(id: str) -> t.Any:
        session = Auth0().sessions.get(id)
        token = session.get_access_token(force_refresh=True)
        return {"sub": session.user.sub, "token": token, "own": current_user.sub}


@pytest.fixture
def other_app(make_app: MakeApp, config: dict[str, t.Any]) -> Flask:
    """The same app, as another process has it."""
    return make_app(config, scope=OFFLINE, audience=API)


class Worker:
    """Does things for the user of a session, as a task does."""

    def __init__(self, app: Flask, id: str) -> None:
        self.app, self.id = app, id

    def do(self, work: t.Callable[[BackgroundSession], T]) -> T:
        """Do something in a thread that has never seen a request."""

        def task() -> T:
            with self.app.app_context():
                return work(Auth0().sessions.get(self.id))

        with ThreadPoolExecutor(1) as executor:
            return executor.submit(task).result()

    def token(self, **options: t.Any) -> str:
        return self.do(lambda session: session.get_access_token(**options))


@pytest.fixture
def worker(visitor: Visitor, other_app: Flask) -> Worker:
    """A worker that has been handed the session of a visitor."""
    visitor.log_in()
    return Worker(other_app, visitor.fetch("/id").get_json()["id"])


def test_nobody_has_no_id(visitor: Visitor) -> None:
    assert visitor.fetch("/id").get_json() == {"id": None}


def test_the_id_is_none_of_a_cookie(visitor: Visitor, worker: Worker) -> None:
    cookies = visitor.cookies()
    for more in ("", "A" * 19):
        for name, value in cookies.items():
            assert worker.id + more != value
            visitor.set_cookie(name, worker.id + more)
        assert visitor.user() is None


def test_user_and_token(visitor: Visitor, worker: Worker) -> None:
    assert worker.do(lambda session: session.user["email"]) == visitor.user()["email"]
    assert worker.do(lambda session: session.user.sub) == "auth0|ada"
    assert worker.token() == visitor.fetch("/token").text
    assert worker.id in worker.do(repr)


def test_a_refresh_is_written_back(
    visitor: Visitor, worker: Worker, tenant: TenantServer
) -> None:
    before = visitor.fetch("/token").text
    tenant.tenant.token_requests.clear()
    token = worker.token(force_refresh=True)
    assert token != before
    assert visitor.fetch("/token").text == token
    # The refresh token has been rotated, and the browser's session has the new one.
    assert visitor.fetch("/token?force").text != token
    assert refreshes(tenant) == ["ok", "ok"]
    assert worker.token() != token


def test_another_audience(visitor: Visitor, worker: Worker) -> None:
    token = worker.token(audience="https://reports.example.com", scope="read:all")
    options = {"audience": "https://reports.example.com", "scope": "read:all"}
    assert visitor.fetch("/token", query_string=options).text == token


def test_async(worker: Worker, visitor: Visitor) -> None:
    async def work(session: BackgroundSession) -> tuple[dict[str, t.Any], str]:
        client = session.client
        forced = client.get_access_token(force_refresh=True)
        user, token = await asyncio.gather(client.get_user(), forced)
        return user, token

    user, token = worker.do(lambda session: asyncio.run(work(session)))
    assert user["email"] == visitor.user()["email"]
    assert visitor.fetch("/token").text == token


def test_many_at_once_refresh_once(
    visitor: Visitor, worker: Worker, tenant: TenantServer
) -> None:
    tenant.tenant.lifetimes.access_token = 0
    visitor.log_in()
    tenant.tenant.lifetimes.access_token = 86400
    worker.id = visitor.fetch("/id").get_json()["id"]
    tenant.tenant.token_requests.clear()
    with ThreadPoolExecutor(6) as executor:
        tasks = [executor.submit(worker.token) for _ in range(6)]
        answers = at_once(visitor, ["/token"] * 6)
    tokens = {each.result() for each in tasks} | {each.text for each in answers}
    assert len(tokens) == 1
    assert refreshes(tenant) == ["ok"]


def test_requests_of_an_api(worker: Worker, visitor: Visitor) -> None:
    token = visitor.fetch("/token").text
    refused = f"Bearer {token}"

    def answer(request: httpx.Request) -> httpx.Response:
        sent = request.headers["Authorization"]
        return httpx.Response(401 if sent == refused else 200, text=sent)

    def call(session: BackgroundSession) -> str:
        transport = httpx.MockTransport(answer)
        with httpx.Client(auth=session.http_auth(), transport=transport) as api:
            return api.get("https://api.example.com").text

    found = worker.do(call)
    assert found == f"Bearer {visitor.fetch('/token').text}" != refused
    visitor.get("/logout")
    with pytest.raises(LoginRequired):
        worker.do(call)


@pytest.mark.parametrize("id", ["", "x", "../x", "A" * 24])
def test_an_id_of_no_session(other_app: Flask, id: str) -> None:
    with pytest.raises(LoginRequired):
        Worker(other_app, id).token()


def test_after_a_logout(visitor: Visitor, worker: Worker) -> None:
    visitor.get("/logout")
    for work in (
        lambda session: session.user,
        lambda session: session.get_access_token(),
        lambda session: session.get_access_token_for_connection("google-oauth2"),
        lambda session: asyncio.run(session.client.get_user()),
    ):
        with pytest.raises(LoginRequired, match="has ended") as raised:
            worker.do(work)
        assert raised.value.login_url is None


def test_after_its_user_has_been_logged_out_from_outside(
    visitor: Visitor, worker: Worker, other_app: Flask
) -> None:
    with other_app.app_context():
        assert Auth0().sessions.revoke(worker.id)
    with pytest.raises(LoginRequired):
        worker.token()


def test_a_new_login_is_another_session(visitor: Visitor, worker: Worker) -> None:
    visitor.log_in(GRACE)
    with pytest.raises(LoginRequired):
        worker.do(lambda session: session.user)


def test_it_is_no_activity(visitor: Visitor, worker: Worker, clock: Clock) -> None:
    day = 86400
    clock.offset += day - 10
    assert worker.token(force_refresh=True)
    assert worker.do(lambda session: session.user)
    clock.offset += 20
    with pytest.raises(LoginRequired):
        worker.do(lambda session: session.user)
    assert visitor.user() is None


def test_the_signal(worker: Worker) -> None:
    sent: list[tuple[t.Any, str]] = []

    def note(sender: t.Any, **more: t.Any) -> None:
        sent.append((sender, threading.current_thread().name))

    with token_refreshed.connected_to(note):
        worker.token()
        assert sent == []
        worker.token(force_refresh=True)
    ((sender, thread),) = sent
    assert sender is worker.app
    # A receiver may wait for what it likes, which the event loop must not.
    assert thread != "flask_auth0"


def test_a_tenant_that_does_not_answer(worker: Worker, tenant: TenantServer) -> None:
    tenant.tenant.fail_next_token_request(status=503)
    with pytest.raises(TenantUnavailable):
        worker.token(force_refresh=True)
    assert worker.token()


def test_a_view_may_look_at_another_session(
    app: Flask, make_visitor: MakeVisitor, visitor: Visitor, worker: Worker
) -> None:
    admin = make_visitor(app)
    admin.log_in(GRACE)
    own = admin.fetch("/token").text
    found = admin.fetch(f"/of/{worker.id}").get_json()
    assert found["sub"] == "auth0|ada"
    assert found["own"] == "auth0|grace"
    assert found["token"] == visitor.fetch("/token").text
    assert admin.user()["sub"] == "auth0|grace"
    assert admin.fetch("/token").text == own
    visitor.get("/logout")
    answer = admin.fetch(f"/of/{worker.id}")
    assert (answer.status_code, answer.get_json()["login_url"]) == (401, None)


def test_in_cookies(make_app: MakeApp, make_visitor: MakeVisitor) -> None:
    app = make_app()
    add_id(app)
    with app.app_context(), pytest.raises(ConfigurationError, match="SESSION_TYPE"):
        Auth0().sessions.get("A" * 24)
    answer = make_visitor(app).fetch("/id")
    assert answer.get_json()["error"] == "configuration_error"


def test_in_a_store_of_the_apps_own(make_app: MakeApp) -> None:
    app = make_app(state_store=SimpleStore())
    assert state_of(app).state_store.needs_loop
    with app.app_context(), pytest.raises(ConfigurationError, match="SESSION_TYPE"):
        Auth0().sessions.get("A" * 24)
