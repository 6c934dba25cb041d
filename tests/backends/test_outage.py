"""A back end that is down or slow: what still works, and that all works again after."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator

import pytest
from flask import Flask, flash, get_flashed_messages, render_template_string, session

from flask_auth0 import Auth0Error, current_user
from flask_auth0.sessions.server import interface
from tests.contracts.outage import MakeProxy, OutageContract
from tests.harness.proxy import Proxy, proxied, unix_socket
from tests.harness.visitor import ADA, MakeVisitor


class TestRedis(OutageContract):
    @pytest.fixture
    def proxy(self, redis_url: str, make_proxy: MakeProxy) -> Proxy:
        return make_proxy(int(redis_url.rpartition(":")[2]))

    @pytest.fixture
    def settings(self, proxy: Proxy) -> dict[str, t.Any]:
        url = f"redis://127.0.0.1:{proxy.port}"
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}


class TestPostgreSQL(OutageContract):
    @pytest.fixture
    def proxy(self, postgres_url: str) -> Iterator[Proxy]:
        folder = postgres_url.partition("host=")[2]
        with proxied(lambda _: unix_socket(f"{folder}/.s.PGSQL.5432")) as proxy:
            yield proxy

    @pytest.fixture
    def settings(self, proxy: Proxy) -> dict[str, t.Any]:
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres?sslmode=disable"
        return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}


class TestDynamoDB(OutageContract):
    @pytest.fixture
    def proxy(self, dynamodb_url: str, make_proxy: MakeProxy) -> Proxy:
        return make_proxy(int(dynamodb_url.rpartition(":")[2]))

    @pytest.fixture
    def settings(self, proxy: Proxy) -> dict[str, t.Any]:
        url = f"http://127.0.0.1:{proxy.port}"
        return {"SESSION_TYPE": "dynamodb", "SESSION_DYNAMODB": url}


class TestMemcached(OutageContract):
    @pytest.fixture
    def proxy(self, memcached_port: int, make_proxy: MakeProxy) -> Proxy:
        return make_proxy(memcached_port)

    @pytest.fixture
    def settings(self, proxy: Proxy) -> dict[str, t.Any]:
        address = f"127.0.0.1:{proxy.port}"
        return {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": address}


def test_nobody_is_sent_to_the_tenant_for_a_login_that_cannot_be_kept(
    redis_app: Flask,
    make_visitor: MakeVisitor,
    redis_proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interface, "LATELY", 0.0)
    visitor = make_visitor(redis_app)
    redis_proxy.cut()
    assert visitor.get("/login").status_code == 503
    redis_proxy.restore()
    visitor.get(visitor.authorize(visitor.get("/login")))
    assert visitor.user()["email"] == ADA


def test_a_login_asks_anew_once_the_back_end_has_failed(
    redis_app: Flask,
    make_visitor: MakeVisitor,
    redis_proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However short ago it has answered."""
    monkeypatch.setattr(interface, "LATELY", 60.0)
    visitor = make_visitor(redis_app)
    visitor.log_in()
    redis_proxy.cut()
    assert visitor.get("/profile").status_code == 503
    assert make_visitor(redis_app).get("/login").status_code == 503


def test_a_callback_works_when_the_back_end_is_back(
    redis_app: Flask, make_visitor: MakeVisitor, redis_proxy: Proxy
) -> None:
    visitor = make_visitor(redis_app)
    callback = visitor.authorize(visitor.get("/login"))
    redis_proxy.cut()
    assert visitor.get(callback).status_code == 503
    redis_proxy.restore()
    visitor.get(callback)
    assert visitor.user()["email"] == ADA


def test_a_write_that_fails_is_no_success(
    redis_app: Flask, make_visitor: MakeVisitor, redis_proxy: Proxy
) -> None:
    @redis_app.get("/late")
    def late() -> str:
        session["late"] = True
        redis_proxy.cut()
        return "kept"

    visitor = make_visitor(redis_app)
    response = visitor.get("/late")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert "kept" not in response.text


def test_an_error_page_with_the_apps_layout(
    redis_app: Flask, make_visitor: MakeVisitor, redis_proxy: Proxy
) -> None:
    @redis_app.errorhandler(Auth0Error)
    def handle(error: Auth0Error) -> t.Any:
        page = "{{ current_user.is_authenticated }} {{ get_flashed_messages() }}"
        assert not current_user
        assert get_flashed_messages() == []
        return render_template_string(page), error.code, {"Retry-After": "9"}

    @redis_app.get("/told")
    def told() -> str:
        flash("hello")
        return "told"

    visitor = make_visitor(redis_app)
    visitor.log_in()
    redis_proxy.cut()
    for path in ["/told", "/profile", "/count"]:
        response = visitor.get(path)
        assert (response.status_code, response.text) == (503, "False []")


def test_nobody_takes_an_outage_for_a_logout(
    redis_app: Flask, make_visitor: MakeVisitor, redis_proxy: Proxy
) -> None:
    """The error of an outage counts even if a view ignores it."""

    @redis_app.before_request
    def ignore() -> None:
        with contextlib.suppress(Auth0Error):
            session.get("theme")

    visitor = make_visitor(redis_app)
    visitor.log_in()
    redis_proxy.cut()
    assert visitor.get("/").status_code == 200
    assert visitor.get("/profile").status_code == 503
    assert visitor.get("/count").status_code == 503
