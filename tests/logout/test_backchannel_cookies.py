"""Back-channel logout of sessions in cookies, which no server knows."""

from __future__ import annotations

import logging
import time
import typing as t

import pytest
from flask import Flask
from redis import Redis

from flask_auth0 import Auth0
from flask_auth0.errors import ConfigurationError
from flask_auth0.tenant import TenantServer
from tests.harness.logout_tokens import make_token, post, sid_of, sub_of
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor


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
    visitor = make_visitor(make_app())
    visitor.log_in()
    # An app that the tenant does not tell of logouts needs no store.
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
    for _ in range(2):
        told = post(visitor, make_token(tenant.tenant, sid=sid_of(visitor)))
    (record,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "set SESSION_TYPE or AUTH0_REVOCATION_STORE" in record.message
    assert told.status_code == 501
    assert told.headers["Cache-Control"] == "no-store"
    assert told.get_json()["error"] == "unsupported"
    assert visitor.user()["email"] == ADA


def test_a_store_that_is_not_there(options: dict[str, t.Any]) -> None:
    for url in ["redis://:hush@127.0.0.1:1", "nonsense"]:
        with pytest.raises(
            ConfigurationError, match="AUTH0_REVOCATION_STORE"
        ) as caught:
            Auth0(Flask(__name__), **options, revocation_store=url)
        assert "hush" not in str(caught.value)
