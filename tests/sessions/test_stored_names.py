"""Names in a back end stay: during an update, two versions share what is kept there."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask
from redis import Redis

from tests.harness.visitor import MakeApp, Visitor


@pytest.fixture
def redis(redis_url: str) -> t.Iterator[Redis]:
    with Redis.from_url(redis_url, decode_responses=True) as client:
        client.flushdb()
        yield client


@pytest.fixture
def app(make_app: MakeApp, redis: Redis, redis_url: str) -> Flask:
    return make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": redis_url})


def test_a_login(visitor: Visitor, redis: Redis) -> None:
    visitor.log_in()
    names = {str(key).partition(":")[0] for key in t.cast("list[str]", redis.keys())}
    ours = {f"flask_auth0.{name}" for name in ("state", "index", "callback")}
    assert names == {"session", *ours}
