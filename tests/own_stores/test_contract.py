"""The stores that the documentation shows keep the contract of every store."""

from __future__ import annotations

import secrets
import typing as t

import psycopg
import pytest
from redis import Redis

from flask_auth0.tenant import TenantServer
from tests.contracts.own_stores import OwnStoreContract, StatefulContract
from tests.docs.pages import Page, path_of, snippets
from tests.harness.logout_tokens import make_token, post, sub_of
from tests.harness.visitor import ADA, GRACE, SECRET, Visitor


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
