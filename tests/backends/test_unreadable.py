"""Unreadable bytes, in a back end or a browser, are no session and run no code."""

from __future__ import annotations

import pickle
import secrets
import typing as t
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cachelib.file import FileSystemCache
from flask import Flask, session

from tests.contracts.sessions import SessionContract
from tests.harness.interfaces import interface_of
from tests.harness.visitor import ADA, HOST, MakeApp, MakeVisitor, Visitor

SID = "A" * 43


class Bomb:
    """An object that runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., t.Any], tuple[str]]:
        return pytest.fail, ("code of the store was run",)


BOMB = pickle.dumps(Bomb())


RUBBISH = [
    BOMB,
    b"",
    b"\x00",
    b"\xff" * 99,
    b"[1, 2]",
    b"7",
    b'"text"',
    b"{",
    b"[" * 100_000,
    b"\x91" * 100_000,
    msgspec.msgpack.encode({1: 2}),
    msgspec.msgpack.encode({"_a0_session": {"a": [None]}}),
    b"\x81\xa1a\xc7\x05\x01abcde",
    # Readable, but no format can write it back.
    b'{"a": 18446744073709551616}',
]


@pytest.fixture
def app(app_on_redis: Flask) -> Flask:
    return app_on_redis


@pytest.mark.parametrize("value", RUBBISH, ids=range(len(RUBBISH)))
def test_what_cannot_be_read_is_no_session(
    visitor: Visitor, redis: t.Any, value: bytes
) -> None:
    redis.set(f"session:{SID}", value)
    visitor.set_cookie("session", SID)
    assert visitor.get("/session").status_code == 200
    assert visitor.get("/put/cart/book").status_code == 200
    assert visitor.user() is None
    visitor.log_in()
    assert visitor.user()["email"] == ADA


@pytest.mark.parametrize("value", RUBBISH, ids=range(len(RUBBISH)))
def test_nor_is_a_record_that_cannot_be_read(
    visitor: Visitor, redis: t.Any, value: bytes
) -> None:
    visitor.log_in()
    for key in redis.keys("flask_auth0.state:*"):
        redis.set(key, value)
    assert visitor.user() is None
    assert visitor.get("/profile").status_code == 302


def test_nor_is_something_else_under_its_key(visitor: Visitor, redis: t.Any) -> None:
    redis.lpush(f"session:{SID}", "x")
    visitor.set_cookie("session", SID)
    assert visitor.get("/session").get_json() == {}


def test_the_folder_of_cachelib_runs_no_code(
    make_app: MakeApp, make_visitor: MakeVisitor, tmp_path: Path
) -> None:
    cache = FileSystemCache(str(tmp_path), threshold=0)
    cache.set(f"session:{SID}", Bomb())
    for setting in [str(tmp_path), cache]:
        app = make_app({"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": setting})
        SessionContract.add_views(app)
        visitor = make_visitor(app)
        visitor.set_cookie("session", SID)
        assert visitor.get("/session").get_json() == {}
    with pytest.raises(pytest.fail.Exception):
        cache.get(f"session:{SID}")


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        "../" * 9,
        "a:b",
        "*",
        f"{SID}A",
        f"{SID[:-1]}.",
        f"{SID[:-1]}ä",
        " " * 43,
        "A" * 9999,
        "flask_auth0.state:" + "0" * 64 + ".head",
        f"{SID[:-1]}\r",
    ],
)
def test_a_hostile_cookie_never_reaches_the_back_end(
    app: Flask, monkeypatch: pytest.MonkeyPatch, cookie: str
) -> None:
    asked: list[str] = []

    def fetch(key: str) -> None:
        asked.append(key)

    monkeypatch.setattr(interface_of(app).back_end, "fetch", fetch)
    header = f"session={cookie}".encode().decode("latin-1")
    client = app.test_client(use_cookies=False)
    environ = {"HTTP_COOKIE": header}
    response = client.get("/session", base_url=HOST, environ_overrides=environ)
    assert (response.status_code, response.get_json()) == (200, {})
    assert asked == []


@pytest.mark.parametrize("size", [2_000_000])
def test_a_session_that_is_too_large_is_no_session(
    make_app: MakeApp, make_visitor: MakeVisitor, memcached_port: int, size: int
) -> None:
    settings = {
        "SESSION_TYPE": "memcached",
        "SESSION_MEMCACHED": f"127.0.0.1:{memcached_port}",
    }
    check_too_large(make_visitor(make_app(settings)), size)


def test_nor_is_it_on_dynamodb(
    make_app: MakeApp, make_visitor: MakeVisitor, dynamodb_url: str
) -> None:
    settings = {"SESSION_TYPE": "dynamodb", "SESSION_DYNAMODB": dynamodb_url}
    check_too_large(make_visitor(make_app(settings)), 500_000)


def check_too_large(visitor: Visitor, size: int) -> None:
    app = visitor.app
    SessionContract.add_views(app)

    @app.get("/grow")
    def grow() -> str:
        session["large"] = "x" * size
        return "grown"

    visitor.log_in()
    assert visitor.get("/grow").status_code == 200
    assert visitor.cookies() == {}
    assert visitor.get("/session").get_json() == {}
    # Nothing that can be compressed.
    visitor.tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(size)
    refused = visitor.log_in()
    assert refused.status_code == 431
    assert "session_too_large" in refused.text
    assert visitor.user() is None
