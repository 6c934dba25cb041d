"""Back-channel logout: what a token ends, and what is answered."""

from __future__ import annotations

import time
import typing as t

import pytest
from flask import Flask
from flask_wtf import CSRFProtect
from redis import Redis

from flask_auth0 import Auth0, session_revoked
from flask_auth0.sessions.lifetime import CLOCK_LEEWAY
from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.tenant import TenantServer
from tests.harness.clock import Clock
from tests.harness.logout_tokens import make_token, post, sid_of, sub_of
from tests.harness.visitor import ADA, HOST, MakeApp, MakeVisitor, Visitor, add_views


@pytest.fixture
def settings(redis_settings: dict[str, t.Any]) -> dict[str, t.Any]:
    return redis_settings


@pytest.fixture
def app(make_app: MakeApp, settings: dict[str, t.Any]) -> Flask:
    return make_app(settings)


def test_a_token_ends_a_session(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    told = post(visitor, make_token(tenant.tenant, sid=sid_of(visitor)))
    assert (told.status_code, told.data) == (200, b"")
    assert told.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in told.headers
    assert visitor.user() is None


def test_json_is_accepted(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    token = make_token(tenant.tenant, sid=sid_of(visitor))
    assert post(visitor, "", json={"logout_token": token}).status_code == 200
    assert visitor.user() is None


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {}},
        {"data": "logout_token=x"},
        {"data": {"logout_token": ["a", "b"]}},
        {"query_string": {"logout_token": "x"}},
        {"json": {}},
        {"json": []},
        {"json": {"logout_token": {"a": "b"}}},
        {"json": {"logout_token": None}},
        {"data": b"{", "content_type": "application/json"},
        {"data": b"[" * 20000, "content_type": "application/json"},
        {"data": b"\xff\xfe", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"x", "content_type": "multipart/form-data"},
    ],
    ids=range(12),
)
def test_other_requests(visitor: Visitor, sent: dict[str, t.Any]) -> None:
    told = post(visitor, "", **sent)
    assert told.status_code in {400, 415}
    assert told.headers["Cache-Control"] == "no-store"
    assert told.get_json()["error"] == "invalid_request"


def test_a_large_request_is_not_read(visitor: Visitor) -> None:
    large: list[dict[str, t.Any]] = [
        {"data": {"logout_token": "x" * 99999}},
        {"json": ["x" * 99999]},
    ]
    for sent in large:
        told = post(visitor, "", **sent)
        assert told.status_code == 413
        assert told.get_json()["error"] == "invalid_request"


def test_only_post(visitor: Visitor) -> None:
    assert visitor.get("/backchannel-logout").status_code == 405


def test_a_token_is_good_once(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    token = make_token(tenant.tenant, sub=sub_of(visitor))
    assert post(visitor, token).status_code == 200
    visitor.log_in()
    told = post(visitor, token)
    assert told.status_code == 400
    assert "used before" in told.get_json()["error_description"]
    assert visitor.user()["email"] == ADA


def test_a_token_that_has_just_expired_is_good_once(
    visitor: Visitor, tenant: TenantServer
) -> None:
    """The token is accepted, and remembered, for as long as clocks may differ."""
    visitor.log_in()
    expired = int(time.time()) - CLOCK_LEEWAY // 2
    token = make_token(tenant.tenant, sub=sub_of(visitor), exp=expired)
    assert post(visitor, token).status_code == 200
    told = post(visitor, token)
    assert told.status_code == 400
    assert "used before" in told.get_json()["error_description"]


def test_a_used_token_is_remembered_until_no_process_takes_it(
    visitor: Visitor, tenant: TenantServer, redis_url: str
) -> None:
    """A clock that is behind takes it for as much longer as clocks may differ."""
    visitor.log_in()
    expires = int(time.time()) + 100
    token = make_token(tenant.tenant, sub=sub_of(visitor), exp=expires)
    assert post(visitor, token).status_code == 200
    with Redis.from_url(redis_url) as redis:
        (key,) = t.cast("list[bytes]", redis.keys("flask_auth0.used:*"))
        left = t.cast(int, redis.pttl(key)) + 1
    assert time.time() + left / 1000 >= expires + 2 * CLOCK_LEEWAY


def test_a_token_that_could_not_be_used_can_be_tried_again(
    app: Flask,
    visitor: Visitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor.log_in()
    token = make_token(tenant.tenant, sid=sid_of(visitor))
    store: t.Any = back_end_of(app.session_interface)

    def fail(*args: t.Any) -> t.NoReturn:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(store, "end", fail)
        told = post(visitor, token)
        assert told.status_code == 503
        assert told.headers["Retry-After"]
        assert told.headers["Cache-Control"] == "no-store"
        assert told.get_json()["error"] == "session_store_unavailable"
    assert post(visitor, token).status_code == 200
    assert visitor.user() is None


def test_a_new_key_is_looked_for(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    sid = sid_of(visitor)
    tenant.tenant.rotate_keys()
    assert post(visitor, make_token(tenant.tenant, sid=sid)).status_code == 200
    assert visitor.user() is None


def test_the_tenant_itself_ends_a_session(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    from flask_auth0.tenant.backchannel import logout_token

    visitor.log_in()
    (session,) = tenant.tenant.sessions()
    token = logout_token(tenant.tenant, tenant.tenant.client, session)
    assert post(visitor, token).status_code == 200
    assert visitor.user() is None


def test_the_app_hears_of_it(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    heard: list[tuple[t.Any, dict[str, t.Any]]] = []

    def hear(sender: t.Any, **kwargs: t.Any) -> None:
        heard.append((sender, kwargs))
        # Receivers of the signal often ask for the user.
        assert Auth0().get_user() is None

    visitor.log_in()
    sub, sid = sub_of(visitor), sid_of(visitor)
    with session_revoked.connected_to(hear):
        post(visitor, make_token(tenant.tenant, sid=sid))
        post(visitor, make_token(tenant.tenant, sub=sub))
        post(visitor, make_token(tenant.tenant, sub=sub, nonce="n"))
    assert heard == [(app, {"sub": None, "sid": sid}), (app, {"sub": sub, "sid": None})]


def test_the_clients_own_method(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    @app.post("/elsewhere/<token>")
    async def elsewhere(token: str) -> str:
        await Auth0().client.handle_backchannel_logout(token)
        return "done"

    visitor.log_in()
    token = make_token(tenant.tenant, sid=sid_of(visitor))
    assert visitor.client.post(f"/elsewhere/{token}").text == "done"
    assert visitor.user() is None


@pytest.mark.parametrize("csrf_first", [True, False])
def test_it_is_exempt_from_csrf_protection(
    options: dict[str, t.Any],
    settings: dict[str, t.Any],
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    csrf_first: bool,
) -> None:
    app = Flask(__name__)
    app.config.update(settings, TESTING=True)
    steps = [lambda: CSRFProtect(app), lambda: Auth0(app, **options)]
    for step in steps if csrf_first else reversed(steps):
        step()
    add_views(app)
    app.post("/form")(lambda: "posted")
    visitor = make_visitor(app)
    visitor.log_in()
    token = make_token(tenant.tenant, sid=sid_of(visitor))
    assert post(visitor, token).status_code == 200
    assert visitor.client.post("/form", base_url=HOST).status_code == 400


def test_the_route_can_be_moved_and_turned_off(
    make_app: MakeApp, settings: dict[str, t.Any]
) -> None:
    moved = make_app(settings, backchannel_logout_path="/bcl", url_prefix="/auth")
    assert moved.test_client().post("/auth/bcl").status_code == 400
    off = make_app(settings, backchannel_logout_path="")
    assert off.test_client().post("/backchannel-logout").status_code == 404


def test_a_login_that_was_ended_before_it_was_kept(
    app: Flask, visitor: Visitor, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tenant may end a session while its login is under way."""
    store: t.Any = back_end_of(app.session_interface)
    original = store.begin_among
    token = make_token(tenant.tenant, sub="auth0|ada", iat=int(time.time()) + 1)

    def begin(*args: t.Any) -> t.Any:
        assert post(visitor, token).status_code == 200
        return original(*args)

    monkeypatch.setattr(store, "begin_among", begin)
    assert visitor.log_in().status_code == 400
    assert visitor.user() is None


@pytest.mark.parametrize("mode", ["redis", "cookies"])
def test_a_code_outlasts_no_session_at_the_tenant(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    settings: dict[str, t.Any],
    tenant: TenantServer,
    mode: str,
) -> None:
    """The ID token is issued for a code, maybe after the session of that has ended."""
    cookies = {"revocation_store": settings["SESSION_REDIS"]}
    app = make_app(settings) if mode == "redis" else make_app(**cookies)
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login"))
    (session,) = tenant.tenant.sessions()
    before = int(time.time()) - 5
    token = make_token(tenant.tenant, sid=session.sid, iat=before)
    assert post(visitor, token).status_code == 200
    assert visitor.get(callback).status_code == 400
    assert visitor.user() is None
    tenant.tenant.end_session(session.sid)
    visitor.log_in()
    assert visitor.user()["email"] == ADA


def test_a_moved_clock_does_not_bring_it_back(
    visitor: Visitor,
    tenant: TenantServer,
    clock: Clock,
) -> None:
    visitor.log_in()
    post(visitor, make_token(tenant.tenant, sub=sub_of(visitor)))
    clock.offset = -3600
    assert visitor.user() is None
