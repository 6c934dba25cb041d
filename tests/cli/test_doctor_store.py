"""The doctor about the back ends of sessions."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from flask_auth0.sessions.server.storage import back_end_of
from flask_auth0.sessions.stores.sqlite import SqliteBackEnd
from tests.harness.visitor import MakeApp

from .examined import finding, findings, subject_of

STEPS = ("store", "store.values", "store.round-trip", "store.locks")


@pytest.fixture
def redis(redis_settings: dict[str, str]) -> Iterator[t.Any]:
    """The Redis of the app, with its settings as they were at the end."""
    with Redis.from_url(redis_settings["SESSION_REDIS"]) as client:
        names = ("maxmemory", "maxmemory-policy", "appendfsync", "save")
        before = {k: v for name in names for k, v in client.config_get(name).items()}
        yield client
        client.execute_command("REPLICAOF", "NO", "ONE")
        client.config_set("appendonly", "no")
        for name, value in before.items():
            client.config_set(name, value)


@pytest.fixture
def app(make_app: MakeApp, redis_settings: dict[str, str]) -> Flask:
    return make_app(redis_settings)


def level(app: Flask, check: str) -> str:
    return finding(app, check).level


def test_a_redis_that_does_all(app: Flask, redis: t.Any) -> None:
    found = findings(subject_of(app), *STEPS)
    assert [each.level for each in found] == ["ok"] * len(STEPS)
    assert redis.keys("*doctor*") == []


def test_sessions_in_cookies(make_app: MakeApp) -> None:
    (found,) = findings(subject_of(make_app()), *STEPS)
    assert found.told == "Sessions are in cookies."


def test_a_policy(app: Flask, redis: t.Any) -> None:
    assert level(app, "store.policy") == "ok"
    redis.config_set("maxmemory-policy", "allkeys-lru")
    assert level(app, "store.policy") == "warning"
    redis.config_set("maxmemory", "100mb")
    found = finding(app, "store.policy")
    assert (found.level, "allkeys-lru" in found.told) == ("wrong", True)


def test_persistence(app: Flask, redis: t.Any) -> None:
    told = [finding(app, "store.persistence").told]
    redis.config_set("save", "60 1")
    told.append(finding(app, "store.persistence").told)
    redis.config_set("appendonly", "yes")
    redis.config_set("appendfsync", "no")
    told.append(finding(app, "store.persistence").told)
    redis.config_set("appendfsync", "always")
    assert level(app, "store.persistence") == "ok"
    words = ["nothing on disk", "snapshots only", "appendfsync no"]
    assert all(word in each for word, each in zip(words, told, strict=True))


def test_memory(app: Flask, redis: t.Any) -> None:
    assert finding(app, "store.memory").told.endswith("without a limit.")
    redis.config_set("maxmemory", "500mb")
    assert level(app, "store.memory") == "ok"
    redis.config_set("maxmemory", redis.info("memory")["used_memory"] + 20_000)
    assert level(app, "store.memory") == "wrong"
    redis.config_set("maxmemory", "1kb")
    found = finding(app, "store.values")
    assert (found.level, "has no room to write" in found.told) == ("wrong", True)


def test_a_replica(app: Flask, redis: t.Any) -> None:
    assert level(app, "store.role") == "ok"
    redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    assert level(app, "store.role") == "wrong"
    found = finding(app, "store.values")
    assert (found.level, "can be read and not written" in found.told) == ("wrong", True)


def test_a_user_who_may_not_ask(
    make_app: MakeApp, redis: t.Any, redis_url: str
) -> None:
    rules = ("on", ">a-word", "~*", "&*", "+@all", "-config", "-info")
    redis.execute_command("ACL SETUSER", "few", *rules)
    url = redis_url.replace("://", "://few:a-word@")
    try:
        app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": url})
        names = ("store.role", "store.policy", "store.memory", "store.persistence")
        found = findings(subject_of(app), *names)
        assert {each.level for each in found} == {"ok"}
        assert all("may not ask" in each.told for each in found)
    finally:
        redis.acl_deluser("few")


def test_a_store_that_is_gone_when_the_app_does_not_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SESSION_TYPE", "redis")
    monkeypatch.setenv("SESSION_REDIS", "redis://:hidden@127.0.0.1:1")
    found = findings(subject_of("no_such_app_anywhere"), "store", "store.values")
    assert [each.level for each in found] == ["wrong", "skipped"]
    assert found[0].told.startswith("SESSION_REDIS names a server that does not answer")
    assert "hidden" not in found[0].told


def test_a_store_of_revocations(make_app: MakeApp, redis_url: str) -> None:
    app = make_app(revocation_store=redis_url)
    names = ("revocation-store", "revocation-store.values", "revocation-store.role")
    found = findings(subject_of(app), *names)
    assert [each.level for each in found] == ["ok"] * 3


class Forgetful(SqliteBackEnd):
    """Keeps nothing, and lets nothing expire."""

    def fetch(self, key: str) -> bytes | None:
        return None

    def labelled(self, *labels: str) -> list[str]:
        return []

    def expires(self, key: str) -> bool:
        return False


def test_a_back_end_that_forgets(make_app: MakeApp, tmp_path: Path) -> None:
    settings = {"SESSION_TYPE": "sqlite", "SESSION_SQLITE": str(tmp_path / "s.db")}
    app = make_app(settings)
    back_end: t.Any = back_end_of(app.session_interface)
    assert [e.level for e in findings(subject_of(app), *STEPS)] == ["ok"] * 4
    back_end.__class__ = Forgetful
    found = findings(subject_of(app), "store.values")
    assert [each.level for each in found].count("wrong") == 3
    back_end.limit = 1e-9
    assert level(app, "store.round-trip") == "wrong"


def test_locks_that_keep_nobody_out(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"SESSION_TYPE": "sqlite", "SESSION_SQLITE": str(tmp_path / "s.db")}
    app = make_app(settings)
    back_end: t.Any = back_end_of(app.session_interface)
    real = back_end.try_lock
    count = iter(range(100))
    monkeypatch.setattr(back_end, "try_lock", lambda key: real(f"{key}{next(count)}"))
    found = finding(app, "store.locks")
    assert (found.level, "keeps nobody out" in found.told) == ("wrong", True)
