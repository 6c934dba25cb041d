"""The stores that the documentation shows keep the contract of every store."""

from __future__ import annotations

import functools
import secrets
import typing as t

import psycopg
import pytest
from flask import Flask
from redis import Redis

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.client.store_options import store_options
from flask_auth0.sessions.state_store import KEY
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import logged_in_client
from tests.contracts.stores import StoreContract, TransactionContract
from tests.docs.pages import Page, path_of, snippets
from tests.harness.logout_tokens import make_token, post, sid_of, sub_of
from tests.harness.visitor import (
    ADA,
    GRACE,
    HOST,
    SECRET,
    MakeApp,
    MakeVisitor,
    Visitor,
)

State = dict[str, t.Any]


class OwnStoreContract(TransactionContract, StoreContract):
    """What holds for every store on the page."""

    LIFETIME = 3 * 86400

    @pytest.fixture
    def settings(self) -> State:
        return {}

    @pytest.fixture
    def state_store(self) -> t.Any:
        raise NotImplementedError

    @pytest.fixture
    def make_app(self, make_own_app: MakeApp, state_store: t.Any) -> MakeApp:
        return functools.partial(make_own_app, state_store=state_store)

    def test_flags(self, visitor: Visitor) -> None:
        login = visitor.get("/login")
        callback = visitor.get(visitor.authorize(login))
        logout = visitor.get("/logout")
        for response in [login, callback, logout]:
            cookies = response.headers.getlist("Set-Cookie")
            ours = [cookie for cookie in cookies if cookie.startswith("my_")]
            assert ours
            for cookie in ours:
                assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))

    def test_a_logged_in_client(self, app: Flask) -> None:
        client = logged_in_client(app, name="Eve")
        assert client.get("/profile").text == "Hello Eve"

    def test_abandoned_logins_stay_few(self, visitor: Visitor) -> None:
        for _ in range(10):
            last = visitor.get("/login?next=/profile")
        assert len(visitor.cookies()) == 4
        assert visitor.get(visitor.authorize(last)).location == "/profile"


class TestStateless(OwnStoreContract):
    @pytest.fixture
    def state_store(self, page: Page) -> t.Any:
        return page["StatelessStore"](SECRET)

    def check_after_logout(self, visitor: Visitor, kept: dict[str, str]) -> None:
        """Without a server, whoever kept the cookies has the session."""
        assert not [name for name in visitor.cookies() if name.startswith("my_")]

    def test_it_grows_and_shrinks_without_a_trace(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        visitor.log_in()
        small = self.pieces(visitor)
        tenant.tenant.access_token_padding = 2000
        visitor.log_in(GRACE)
        assert visitor.user()["email"] == GRACE
        large = self.pieces(visitor)
        assert len(small) < len(large)
        assert all(len(f"{k}{v}") < 4096 for k, v in visitor.cookies().items())
        tenant.tenant.access_token_padding = 0
        visitor.log_in()
        assert self.pieces(visitor) == small
        assert visitor.user()["email"] == ADA

    def test_a_missing_piece_is_no_session(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        tenant.tenant.access_token_padding = 2000
        visitor.log_in()
        for name in self.pieces(visitor):
            piece = visitor.cookies()[name]
            visitor.client.delete_cookie(name, domain="localhost")
            assert visitor.user() is None
            visitor.set_cookie(name, piece)
        assert visitor.user()["email"] == ADA

    def test_one_that_is_too_large_is_refused(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        visitor.log_in()
        tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(9000)
        refused = visitor.log_in(GRACE)
        assert refused.status_code == 431
        assert visitor.user()["email"] == ADA

    def test_no_logout_comes_from_outside(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        visitor.log_in()
        token = make_token(tenant.tenant, sub=sub_of(visitor))
        assert post(visitor, token).status_code == 501

    @staticmethod
    def pieces(visitor: Visitor) -> list[str]:
        return sorted(n for n in visitor.cookies() if n.startswith("my_session"))


class StatefulContract(OwnStoreContract):
    """What holds besides where the state is on a server."""

    #: A URL where there is none, and where the store keeps its connections.
    NOWHERE: t.ClassVar[str]
    POOLS: t.ClassVar[str]
    store: t.Any

    def contents(self) -> list[str]:
        """All that the server keeps, its keys included."""
        raise NotImplementedError

    def test_only_an_id_is_in_the_browser(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(30000)
        visitor.log_in()
        visitor.user()
        assert len(visitor.cookies()["my_session"]) == 43
        assert visitor.user()["email"] == ADA

    def test_the_id_changes_with_every_login(self, visitor: Visitor) -> None:
        seen = []
        for _ in range(3):
            visitor.log_in()
            seen.append(visitor.cookies()["my_session"])
        assert len(set(seen)) == 3
        for old in seen[:-1]:
            visitor.set_cookie("my_session", old)
            assert visitor.user() is None

    def test_nobody_can_choose_an_id(self, visitor: Visitor) -> None:
        visitor.set_cookie("my_session", "chosen")
        visitor.log_in()
        assert visitor.cookies()["my_session"] != "chosen"

    def test_the_server_learns_nothing(self, visitor: Visitor) -> None:
        visitor.log_in()
        sub = visitor.user()["sub"]
        kept = "".join(self.contents())
        assert kept
        for secret in [visitor.cookies()["my_session"], "Lovelace", ADA, sub]:
            assert secret not in kept

    def test_a_refused_login_leaves_nothing(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        tenant.tenant.extra_claims["nonce"] = "of-another-login"
        visitor.log_in()
        assert not self.live()

    def test_a_refresh_that_ends_after_the_logout_writes_nothing(
        self, app: Flask, visitor: Visitor
    ) -> None:
        visitor.log_in()
        cookie = f"my_session={visitor.cookies()['my_session']}"
        store, auth0 = state_of(app).state_store, Auth0()
        with app.test_request_context(base_url=HOST, headers={"Cookie": cookie}):
            options = store_options()
            found = auth0.run(store.get(KEY, options))
            assert found is not None
            visitor.get("/logout")
            auth0.run(store.set(KEY, found, options=options))
        assert not self.live()

    def test_a_logout_token_with_a_sid_ends_one_session(
        self, app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        here, there, grace = self.three(app, make_visitor)
        token = make_token(tenant.tenant, sid=sid_of(here), sub=sub_of(here))
        assert post(grace, token).status_code == 200
        assert here.user() is None
        assert there.user()["email"] == ADA
        assert grace.user()["email"] == GRACE

    def test_a_logout_token_with_a_sub_ends_all_of_a_users_sessions(
        self, app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        here, there, grace = self.three(app, make_visitor)
        token = make_token(tenant.tenant, sub=sub_of(here))
        assert post(grace, token).status_code == 200
        assert (here.user(), there.user()) == (None, None)
        assert grace.user()["email"] == GRACE

    @pytest.mark.parametrize("claims", [{}, {"sid": "x"}, {"sub": "x"}], ids=str)
    def test_claims_of_nobody_end_nothing(
        self, app: Flask, visitor: Visitor, claims: State
    ) -> None:
        visitor.log_in()
        store = state_of(app).state_store
        with app.test_request_context(base_url=HOST):
            Auth0().run(store.delete_by_logout_token(claims))
        assert visitor.user()["email"] == ADA

    def test_an_outage_is_told_and_passes(
        self, app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        visitor.log_in()
        with monkeypatch.context() as patched:
            self.cut(patched)
            for path in ["/user", "/profile", "/logout"]:
                answer = visitor.fetch(path)
                assert answer.status_code == 503
                assert answer.get_json()["error"] == "session_store_unavailable"
        assert visitor.user()["email"] == ADA

    def cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the store look for a server where there is none."""
        monkeypatch.setattr(self.store, "url", self.NOWHERE)
        monkeypatch.setattr(self.store, self.POOLS, {})

    def live(self) -> list[str]:
        """The names of the states that are kept."""
        raise NotImplementedError

    @staticmethod
    def three(app: Flask, make_visitor: MakeVisitor) -> list[Visitor]:
        """Ada on two devices, and Grace."""
        visitors = [make_visitor(app) for _ in range(3)]
        for visitor, person in zip(visitors, [ADA, ADA, GRACE], strict=True):
            visitor.log_in(person)
        return visitors


class TestRedis(StatefulContract):
    NOWHERE = "redis://127.0.0.1:9"
    POOLS = "clients"

    @pytest.fixture
    def state_store(self, redis_store: t.Any, redis: Redis) -> t.Any:
        self.redis, self.store = redis, redis_store
        return redis_store

    def live(self) -> list[str]:
        keys = t.cast("list[bytes]", self.redis.keys("state:*"))
        return [key.decode() for key in keys]

    def contents(self) -> list[str]:
        states = [str(self.redis.get(key)) for key in self.live()]
        indexes = t.cast("list[bytes]", self.redis.keys("index:*"))
        members = [str(self.redis.zrange(key, 0, -1)) for key in indexes]
        return [*map(str, indexes), *self.live(), *states, *members]

    def test_everything_in_it_expires(self, visitor: Visitor) -> None:
        visitor.log_in()
        keys = t.cast("list[bytes]", self.redis.keys())
        assert len(keys) == 3
        for key in keys:
            assert self.LIFETIME - 60 < self.redis.ttl(key) <= self.LIFETIME

    def test_indexes_forget_what_has_expired(self, visitor: Visitor) -> None:
        visitor.log_in()
        index = f"index:{self.store.name('sub', visitor.user()['sub'])}"
        self.redis.zadd(index, {"state:expired": 1})
        visitor.log_in()
        names = t.cast("list[bytes]", self.redis.zrange(index, 0, -1))
        assert b"state:expired" not in names
        assert self.live()[0].encode() in names


class TestPostgres(StatefulContract):
    NOWHERE = "postgresql://postgres@127.0.0.1:9/postgres"
    POOLS = "pools"

    @pytest.fixture
    def state_store(
        self, postgres_store: t.Any, postgres_url: str
    ) -> t.Iterator[t.Any]:
        self.store = postgres_store
        with psycopg.connect(postgres_url, autocommit=True) as self.connection:
            yield postgres_store

    def rows(self) -> list[t.Any]:
        return self.connection.execute("SELECT * FROM auth0_sessions").fetchall()

    def live(self) -> list[str]:
        return [row[0] for row in self.rows()]

    def contents(self) -> list[str]:
        return [str(row) for row in self.rows()]

    def test_what_has_expired_can_be_removed(self, visitor: Visitor) -> None:
        _, prune = snippets(path_of("stores.rst"), "sql")
        visitor.log_in()
        self.connection.execute(prune.text)
        assert visitor.user()["email"] == ADA
        self.connection.execute("UPDATE auth0_sessions SET expires_at = now()")
        self.connection.execute(prune.text)
        assert visitor.user() is None
        assert not self.rows()
