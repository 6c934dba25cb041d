"""Back-channel logout: which tokens are taken, and what is answered."""

from __future__ import annotations

import base64
import json
import time
import typing as t

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask_wtf import CSRFProtect
from redis import Redis

from flask_auth0 import Auth0, session_revoked
from flask_auth0.errors import ConfigurationError
from flask_auth0.tenant import TenantServer
from tests.harness.clock import Clock
from tests.harness.logout_tokens import (
    EVENT,
    make_claims,
    make_token,
    post,
    sid_of,
    sub_of,
)
from tests.harness.visitor import ADA, HOST, MakeApp, MakeVisitor, Visitor, add_views


@pytest.fixture
def settings(redis_url: str) -> dict[str, t.Any]:
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}


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


@pytest.mark.parametrize("typ", ["logout+jwt", "application/logout+jwt", "JWT"])
def test_names_of_the_type(visitor: Visitor, tenant: TenantServer, typ: str) -> None:
    visitor.log_in()
    token = make_token(tenant.tenant, typ, sub=sub_of(visitor))
    assert post(visitor, token).status_code == 200
    assert visitor.user() is None


BAD_CLAIMS: dict[str, dict[str, t.Any]] = {
    "nonce": {"nonce": "n"},
    "empty nonce": {"nonce": ""},
    "no event": {"events": None},
    "another event": {"events": {"http://example.com/event": {}}},
    "event is no object": {"events": {EVENT: "yes"}},
    "events is a text": {"events": EVENT},
    "nobody": {"sub": None, "sid": None},
    "empty names": {"sub": "", "sid": ""},
    "sid is a number": {"sid": 7},
    "sub is a list": {"sub": ["auth0|ada"], "sid": None},
    "no jti": {"jti": None},
    "jti is a number": {"jti": 7},
    "another issuer": {"iss": "https://evil.example/"},
    "no issuer": {"iss": None},
    "issuer without its slash": {"iss": "https://127.0.0.1"},
    "another audience": {"aud": "somebody-else"},
    "no audience": {"aud": None},
    "another party": {"azp": "somebody-else"},
    "no iat": {"iat": None},
    "iat is a text": {"iat": "now"},
    "iat is before all time": {"iat": -1},
    "no exp": {"exp": None},
    "exp is a text": {"exp": "later"},
    "exp is after all time": {"exp": 10**400},
    "expired": {"iat": 10**9, "exp": 10**9 + 60},
    "from the future": {"iat": 10**10, "exp": 10**10 + 60},
}


@pytest.mark.parametrize("changes", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_claims_that_end_nothing(
    visitor: Visitor, tenant: TenantServer, changes: dict[str, t.Any]
) -> None:
    visitor.log_in()
    names = {"sub": sub_of(visitor), "sid": sid_of(visitor)}
    told = post(visitor, make_token(tenant.tenant, **{**names, **changes}))
    assert told.status_code == 400
    assert told.headers["Cache-Control"] == "no-store"
    assert told.get_json()["error"] == "invalid_request"
    assert visitor.user()["email"] == ADA


@pytest.mark.parametrize("shift", [-45, 45])
def test_clocks_may_differ_a_little(
    visitor: Visitor, tenant: TenantServer, shift: int
) -> None:
    visitor.log_in()
    now = int(time.time()) + shift
    issued_at = max(now, int(time.time()))
    token = make_token(tenant.tenant, sid=sid_of(visitor), iat=issued_at, exp=now + 1)
    told = post(visitor, token)
    assert told.status_code == 200


@pytest.mark.parametrize("typ", ["at+jwt", "dpop+jwt", "secevent+jwt"])
def test_tokens_of_another_type(
    visitor: Visitor, tenant: TenantServer, typ: str
) -> None:
    visitor.log_in()
    token = make_token(tenant.tenant, typ, sid=sid_of(visitor))
    assert post(visitor, token).status_code == 400
    assert visitor.user()["email"] == ADA


def test_an_id_token_is_none(
    app: Flask, visitor: Visitor, tenant: TenantServer
) -> None:
    @app.get("/id-token")
    def id_token() -> str:
        return str((Auth0().get_session() or {})["id_token"])

    visitor.log_in()
    assert post(visitor, visitor.get("/id-token").text).status_code == 400
    assert visitor.user()["email"] == ADA


def unsigned(claims: dict[str, t.Any], header: dict[str, t.Any]) -> str:
    parts = [json.dumps(each).encode() for each in (header, claims)]
    texts = [base64.urlsafe_b64encode(each).decode().rstrip("=") for each in parts]
    return ".".join([*texts, ""])


def test_signatures(visitor: Visitor, tenant: TenantServer) -> None:
    visitor.log_in()
    claims = make_claims(tenant.tenant, sub=sub_of(visitor))
    kid = tenant.tenant.keys.kid
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = make_token(tenant.tenant, sub=sub_of(visitor))
    tokens = [
        unsigned(claims, {"alg": "none"}),
        unsigned(claims, {"alg": "none", "kid": kid}),
        jwt.encode(claims, key, "RS256", {"kid": kid}),
        jwt.encode(claims, key, "RS256", {"kid": "unknown"}),
        jwt.encode(claims, key, "RS256"),
        jwt.encode(claims, "the-client-secret-" * 3, "HS256", {"kid": kid}),
        good[:-8] + "AAAAAAAA",
        good.rpartition(".")[0],
    ]
    for token in tokens:
        told = post(visitor, token)
        assert told.status_code == 400, token
        assert token not in told.text
    assert visitor.user()["email"] == ADA


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "...",
        "ä.ö.ü",
        base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.x",
        base64.urlsafe_b64encode(b'{"alg":"RS256","kid":7}').decode() + ".e30.x",
        base64.urlsafe_b64encode(b'["RS256"]').decode() + ".e30.x",
    ],
    ids=range(8),
)
def test_rubbish(visitor: Visitor, token: str) -> None:
    assert post(visitor, token).status_code == 400


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


def test_a_token_that_could_not_be_used_can_be_tried_again(
    app: Flask,
    visitor: Visitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor.log_in()
    token = make_token(tenant.tenant, sid=sid_of(visitor))
    store: t.Any = app.session_interface

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
        # What a receiver is likely to do.
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


class TestCookies:
    """Sessions in cookies, which no server knows."""

    @pytest.fixture
    def app(self, make_app: MakeApp, redis_url: str) -> Flask:
        with Redis.from_url(redis_url) as redis:
            redis.flushdb()
        return make_app(revocation_store=redis_url)

    def test_a_sid_ends_one_session(
        self, app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        here, there = make_visitor(app), make_visitor(app)
        here.log_in()
        there.log_in()
        kept = here.cookies()
        sid = sid_of(here)
        token = make_token(tenant.tenant, sid=sid, sub=sub_of(here))
        assert post(here, token).status_code == 200
        assert here.user() is None
        assert there.user()["email"] == ADA
        assert not [name for name in here.cookies() if "_a0_" in name]
        for name, value in kept.items():
            here.set_cookie(name, value)
        assert here.user() is None

    def test_a_sub_ends_all_of_them(
        self, app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        visitors = [make_visitor(app) for _ in range(3)]
        for visitor in visitors:
            visitor.log_in()
        post(visitors[0], make_token(tenant.tenant, sub=sub_of(visitors[0])))
        assert [visitor.user() for visitor in visitors] == [None] * 3

    def test_a_later_login_is_good(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        visitor.log_in()
        post(visitor, make_token(tenant.tenant, sub=sub_of(visitor)))
        visitor.log_in()
        assert visitor.user()["email"] == ADA

    def test_even_if_the_tenant_goes_on_with_the_same_sid(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        visitor.log_in()
        sid = sid_of(visitor)
        post(visitor, make_token(tenant.tenant, sid=sid))
        assert visitor.user() is None
        visitor.log_in()
        assert sid_of(visitor) == sid

    def test_an_older_token_that_arrives_later_changes_nothing(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        visitor.log_in()
        sub, now = sub_of(visitor), int(time.time())
        post(visitor, make_token(tenant.tenant, sub=sub))
        post(visitor, make_token(tenant.tenant, sub=sub, iat=now - 50))
        assert visitor.user() is None

    def test_a_token_from_before_the_login_ends_nothing(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        visitor.log_in()
        before = int(time.time()) - 50
        post(visitor, make_token(tenant.tenant, sub=sub_of(visitor), iat=before))
        assert visitor.user()["email"] == ADA

    def test_nothing_is_kept_longer_than_a_session_lives(
        self, visitor: Visitor, tenant: TenantServer, redis_url: str
    ) -> None:
        visitor.log_in()
        for _ in range(3):
            post(visitor, make_token(tenant.tenant, sub=sub_of(visitor) or "x"))
            visitor.log_in()
        with Redis.from_url(redis_url) as redis:
            times = [redis.ttl(key) for key in redis.keys("*")]
            names = b" ".join(t.cast("list[bytes]", redis.keys("*")))
        # The answer to each of the four callbacks is there for a minute.
        assert len(times) == 4 + 4
        assert all(0 < seconds <= 259200 for seconds in times)
        assert b"auth0|" not in names

    def test_a_user_is_looked_up_once_in_a_request(
        self, app: Flask, visitor: Visitor, redis_url: str
    ) -> None:
        visitor.log_in()
        visitor.user()
        with Redis.from_url(redis_url) as redis:
            before = redis.info("commandstats")["cmdstat_zrangebyscore"]["calls"]
            visitor.get("/profile")
            after = redis.info("commandstats")["cmdstat_zrangebyscore"]["calls"]
        # Of the user, of the session at the tenant, and of this one, in one question.
        assert after - before == 3

    def test_nobody_is_let_in_while_it_is_down(
        self, app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        visitor.log_in()
        store = app.extensions["auth0"].state_store.places._revocation_store

        def fail(*names: str) -> t.NoReturn:
            raise OSError

        monkeypatch.setattr(store, "labelled", fail)
        told = visitor.get("/profile")
        assert told.status_code == 503
        assert told.headers["Retry-After"]
        assert visitor.get("/").status_code == 200
        monkeypatch.undo()
        assert visitor.user()["email"] == ADA

    def test_whoever_logs_out_while_it_is_down_is_out(
        self, app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        visitor.log_in()
        store = app.extensions["auth0"].state_store.places._revocation_store

        def fail(*names: str) -> t.NoReturn:
            raise OSError

        with monkeypatch.context() as broken:
            broken.setattr(store, "labelled", fail)
            assert "/oidc/logout?" in visitor.get("/logout").location
        left = [name for name in visitor.cookies() if "_a0_" in name]
        assert left == ["session_a0_ended"]
        assert visitor.user() is None


def test_without_a_store_it_is_not_supported(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app()
    (record,) = [each for each in caplog.records if "Back-channel" in each.message]
    assert "AUTH0_REVOCATION_STORE" in record.message
    visitor = make_visitor(app)
    visitor.log_in()
    told = post(visitor, make_token(tenant.tenant, sid=sid_of(visitor)))
    assert told.status_code == 501
    assert told.headers["Cache-Control"] == "no-store"
    assert told.get_json()["error"] == "unsupported"
    assert visitor.user()["email"] == ADA


def test_no_warning_where_it_is_turned_off(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    make_app(backchannel_logout_path="")
    assert not [each for each in caplog.records if "Back-channel" in each.message]


def test_a_store_that_is_not_there(options: dict[str, t.Any]) -> None:
    for url in ["redis://:hush@127.0.0.1:1", "nonsense"]:
        with pytest.raises(
            ConfigurationError, match="AUTH0_REVOCATION_STORE"
        ) as caught:
            Auth0(Flask(__name__), **options, revocation_store=url)
        assert "hush" not in str(caught.value)


def test_a_login_that_was_ended_before_it_was_kept(
    app: Flask, visitor: Visitor, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tenant may end a session while its login is under way."""
    store: t.Any = app.session_interface
    original = store.begin
    token = make_token(tenant.tenant, sub="auth0|ada", iat=int(time.time()) + 1)

    def begin(*args: t.Any) -> bool:
        assert post(visitor, token).status_code == 200
        return bool(original(*args))

    monkeypatch.setattr(store, "begin", begin)
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
