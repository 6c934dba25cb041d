"""The contract of a session, in Redis."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask
from redis import Redis
from redis.connection import Connection

from flask_auth0 import Auth0
from flask_auth0.client import locks
from flask_auth0.runtime import loop
from flask_auth0.sessions.server import interface
from tests.contracts.server_sessions import ServerContract
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor


class TestRedis(ServerContract):
    @pytest.fixture
    def settings(self, redis_url: str) -> t.Iterator[dict[str, t.Any]]:
        self.redis = Redis.from_url(redis_url)
        self.redis.flushdb()
        yield {"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url}
        self.redis.close()

    def keys(self) -> int:
        return self.redis.dbsize()

    def test_nothing_waits_for_it_on_the_event_loop(
        self, app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: set[bool] = set()
        client = app.session_interface.client  # type: ignore[attr-defined]
        original = client.execute_command

        def execute_command(*args: t.Any, **options: t.Any) -> t.Any:
            seen.add(loop.is_current())
            return original(*args, **options)

        @app.get("/run")
        def run() -> t.Any:
            return Auth0().run(app.extensions["auth0"].client.get_user())

        monkeypatch.setattr(client, "execute_command", execute_command)
        visitor.log_in()
        assert visitor.get("/run").get_json()["email"] == ADA
        visitor.get("/logout")
        assert seen == {False}

    def test_the_state_is_sealed_and_expires(self, visitor: Visitor) -> None:
        visitor.log_in()
        keys = t.cast("list[bytes]", self.redis.keys("flask_auth0.state:*"))
        assert len(keys) == 2
        for key in keys:
            assert b"Lovelace" not in t.cast(bytes, self.redis.get(key))
            assert 0 < self.redis.ttl(key) <= 259200
        visitor.get("/logout")
        assert self.redis.keys("flask_auth0.state:*") == []

    def test_no_cookie_names_a_record(self, visitor: Visitor) -> None:
        visitor.log_in()
        keys = t.cast("list[bytes]", self.redis.keys("flask_auth0.state:*"))
        visitor.set_cookie("session", keys[0].decode())
        assert visitor.user() is None

    def test_a_protected_request_writes_nothing(self, visitor: Visitor) -> None:
        visitor.log_in()
        visitor.user()
        before = self.commands()
        for _ in range(5):
            assert visitor.get("/profile").status_code == 200
        after = self.commands()
        asked = {n: after[n] - before.get(n, 0) for n in after}
        # The session and who is logged in, together.
        assert {n: c for n, c in asked.items() if c} == {"mget": 5, "info": 1}

    def test_one_round_trip_finds_somebody_whom_the_process_does_not_know(
        self, visitor: Visitor, app: Flask
    ) -> None:
        visitor.log_in()
        for _ in range(2):
            app.session_interface.prefetch._needs.clear()  # type: ignore[attr-defined]
            before = self.commands()
            assert visitor.get("/profile").status_code == 200
            after = self.commands()
            asked = {n: after[n] - before.get(n, 0) for n in after}
            assert {n: c for n, c in asked.items() if c} == {"mget": 1, "info": 1}

    @pytest.mark.parametrize("lately", [True, False], ids=["busy", "quiet"])
    def test_a_login_is_few_round_trips(
        self,
        app: Flask,
        visitor: Visitor,
        monkeypatch: pytest.MonkeyPatch,
        lately: bool,
    ) -> None:
        original, count = Connection.send_packed_command, [0]

        def send(*args: t.Any, **options: t.Any) -> None:
            count[0] += 1
            original(*args, **options)

        visitor.log_in()
        visitor.client = app.test_client()
        monkeypatch.setattr(Connection, "send_packed_command", send)
        # On a busy machine, the claim of the callback may have to be renewed.
        monkeypatch.setattr(locks, "RENEWAL", 60)
        monkeypatch.setattr(interface, "LATELY", 60.0 if lately else 0.0)
        callback = visitor.authorize(visitor.get("/login"))
        # Whether it answers, before the browser is sent away, unless that is known.
        assert count == [0 if lately else 1]
        count[0] = 0
        visitor.get(callback)
        # The claim of the callback, the state, Flask's session, and the answer.
        assert count == [4]
        assert visitor.user()["email"] == ADA

    def test_an_id_that_an_app_has_shortened_tells_nothing(
        self, make_app: MakeApp, settings: dict[str, t.Any], make_visitor: MakeVisitor
    ) -> None:
        """Of a short id, all is needed that nobody can guess."""
        visitor = make_visitor(make_app({**settings, "SESSION_ID_LENGTH": 16}))
        visitor.log_in()
        (record, *_), cookies = self.records(), visitor.cookies()
        assert len(cookies["session"]) == 22
        assert not record.startswith(cookies["session"][:8])
        assert visitor.get("/profile").status_code == 200

    def records(self) -> list[str]:
        keys = t.cast("list[bytes]", self.redis.keys("flask_auth0.state:*"))
        return [key.decode().partition(":")[2] for key in keys]

    def test_a_server_that_does_not_permit_all_of_it(
        self, make_app: MakeApp, settings: dict[str, t.Any], make_visitor: MakeVisitor
    ) -> None:
        self.redis.acl_setuser(
            "few", enabled=True, passwords="+pw", keys="*", commands=["+@all", "-mget"]
        )
        url = settings["SESSION_REDIS"].replace("//", "//few:pw@")
        visitor = make_visitor(make_app({**settings, "SESSION_REDIS": url}))
        visitor.log_in()
        for _ in range(3):
            assert visitor.get("/profile").status_code == 200

    def commands(self) -> dict[str, int]:
        """Return how often each command was given."""
        stats = self.redis.info("commandstats")
        return {n.removeprefix("cmdstat_"): stats[n]["calls"] for n in stats}
