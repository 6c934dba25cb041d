"""A back end that is down or slow: what still works, and that all works again after."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import time
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, flash, get_flashed_messages, render_template_string, session
from redis import Redis

from flask_auth0 import Auth0Error, current_user
from tests.harness.missing import missing
from tests.harness.processes import Service, stopped_at_the_end, until
from tests.harness.proxy import Proxy, proxied, unix_socket
from tests.harness.redis_cluster import Cluster
from tests.harness.redis_server import find_binary, free_port
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor

LIMIT = 1
#: What a busy machine may add.
LEEWAY = 0.4

MakeProxy = Callable[[int], Proxy]


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when something takes too long."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def add_views(app: Flask) -> None:
    @app.get("/count")
    def count() -> str:
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])


PATHS = ("/profile", "/count", "/logout", "/login", "/callback?code=a&state=b")


def comes_back(visitor: Visitor) -> bool:
    """Whether the user is there again; a server may first work off what it missed."""
    found = (visitor.user() or {} for _ in range(5))
    return any(user.get("email") == ADA for user in found)


def check_unavailable(visitor: Visitor, paths: t.Iterable[str] = PATHS) -> None:
    """Nothing that needs the session works, and all else does."""
    with within(LEEWAY):
        assert visitor.get("/").text == "home"
    for path in paths:
        with within(LIMIT + LEEWAY):
            response = visitor.get(path)
        assert response.status_code == 503, path
        assert int(response.headers["Retry-After"]) > 0
        assert not response.headers.getlist("Set-Cookie")
    told = visitor.fetch("/user").get_json()
    assert told["error"] == "session_store_unavailable"


class OutageContract:
    """What holds for each back end that is reached through a network."""

    @pytest.fixture
    def proxy(self) -> Proxy:
        """The way to the back end."""
        raise NotImplementedError

    @pytest.fixture
    def settings(self, proxy: Proxy) -> dict[str, t.Any]:
        """The configuration that uses that way."""
        raise NotImplementedError

    @pytest.fixture
    def app(self, make_app: MakeApp, settings: dict[str, t.Any]) -> Flask:
        app = make_app(settings, session_store_timeout=LIMIT)
        add_views(app)
        return app

    def test_it_is_down_and_comes_back(
        self, visitor: Visitor, proxy: Proxy, caplog: pytest.LogCaptureFixture
    ) -> None:
        visitor.log_in()
        assert visitor.get("/count").text == "1"
        proxy.cut()
        check_unavailable(visitor)
        before = time.monotonic()
        proxy.restore()
        assert comes_back(visitor)
        assert t.cast(t.Any, visitor.app.session_interface).well_since > before
        assert visitor.get("/count").text == "2"
        assert not [record for record in caplog.records if record.exc_info]
        assert "does not answer" in caplog.text

    def test_it_hangs_and_comes_back(
        self, visitor: Visitor, proxy: Proxy, caplog: pytest.LogCaptureFixture
    ) -> None:
        visitor.log_in()
        assert visitor.get("/count").text == "1"
        proxy.freeze()
        check_unavailable(visitor, ["/profile"])
        proxy.thaw()
        assert comes_back(visitor)
        assert visitor.get("/count").text == "2"
        assert not [record for record in caplog.records if record.exc_info]

    def test_one_that_never_answers_is_named_at_the_start(
        self, make_app: MakeApp, proxy: Proxy, settings: dict[str, t.Any]
    ) -> None:
        proxy.freeze()
        with pytest.raises(Auth0Error, match=r"SESSION_\w+ names a server"):
            make_app(settings)


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


@pytest.mark.parametrize(
    "settings",
    [
        {"SESSION_TYPE": "mongodb", "SESSION_MONGODB": "mongodb://u:pw@127.0.0.1:%d"},
        {"SESSION_TYPE": "redis", "SESSION_REDIS": "redis+cluster://:pw@127.0.0.1:%d"},
        {
            "SESSION_TYPE": "redis",
            "SESSION_REDIS": "redis+sentinel://:pw@127.0.0.1:%d/s",
        },
        {"SESSION_TYPE": "redis", "SESSION_REDIS": "rediss://:pw@127.0.0.1:%d"},
    ],
    ids=["mongodb", "cluster", "sentinel", "tls"],
)
def test_a_port_that_never_answers(make_app: MakeApp, settings: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = {k: v.replace("%d", str(port)) for k, v in settings.items()}
        with (
            within(2 * LIMIT + LEEWAY),
            pytest.raises(Auth0Error, match=rf"SESSION_\w+ names.*{port}") as caught,
        ):
            make_app(settings, session_store_timeout=LIMIT)
    assert "pw" not in str(caught.value)


def test_a_process_that_is_stopped_killed_and_started_again(
    make_app: MakeApp, make_visitor: MakeVisitor, tmp_path: Path
) -> None:
    binary = find_binary()
    if binary is None:
        missing("redis", "there is no redis-server: apt-get install redis-server")
    port = free_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]

    def answers() -> bool:
        with contextlib.suppress(OSError, Exception), Redis(port=port) as client:
            return bool(client.ping())
        return False

    with stopped_at_the_end(Service("redis", command, tmp_path)) as service:
        service.wait_until(answers, "answers PING")
        url = f"redis://127.0.0.1:{port}"
        app = make_app(
            {"SESSION_TYPE": "redis", "SESSION_REDIS": url}, session_store_timeout=LIMIT
        )
        add_views(app)
        visitor = make_visitor(app)
        visitor.log_in()
        assert visitor.user()["email"] == ADA
        os.kill(service.process.pid, signal.SIGSTOP)
        check_unavailable(visitor)
        os.kill(service.process.pid, signal.SIGCONT)
        assert visitor.user()["email"] == ADA
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        check_unavailable(visitor)
    with stopped_at_the_end(Service("redis", command, tmp_path)):
        until(answers, "answers PING")
        assert visitor.user() is None
        visitor.log_in()
        assert visitor.user()["email"] == ADA


def test_a_master_of_a_cluster_hangs(
    make_app: MakeApp, make_visitor: MakeVisitor, cluster: Cluster
) -> None:
    cluster.flush()
    app = make_app(
        {
            "SESSION_TYPE": "redis",
            "SESSION_REDIS": f"redis://127.0.0.1:{cluster.ports[0]}",
        },
        session_store_timeout=LIMIT,
    )
    visitors = [make_visitor(app) for _ in range(4)]
    for visitor in visitors:
        visitor.log_in()
        assert visitor.user()["email"] == ADA
    node = cluster.nodes[1].process.pid
    os.kill(node, signal.SIGSTOP)
    try:
        for visitor in visitors:
            with within(LIMIT + LEEWAY):
                assert visitor.get("/profile").status_code in {200, 503}
            with within(LEEWAY):
                assert visitor.get("/").status_code == 200
    finally:
        os.kill(node, signal.SIGCONT)

    def all_are_back() -> bool:
        return all(v.fetch("/profile").status_code == 200 for v in visitors)

    until(all_are_back, "the cluster is whole again")


@pytest.fixture
def redis_proxy(redis_url: str, make_proxy: MakeProxy) -> Proxy:
    return make_proxy(int(redis_url.rpartition(":")[2]))


@pytest.fixture
def redis_app(make_app: MakeApp, redis_proxy: Proxy) -> Flask:
    url = f"redis://127.0.0.1:{redis_proxy.port}"
    app = make_app(
        {"SESSION_TYPE": "redis", "SESSION_REDIS": url}, session_store_timeout=LIMIT
    )
    add_views(app)
    return app


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
    """Not even where a view ignores the error."""

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


def test_a_slow_back_end_is_not_waited_for_again_and_again(
    redis_app: Flask,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = t.cast("t.Any", redis_app.session_interface).client
    get = client.get

    def slow_get(key: str) -> t.Any:
        # Slow is what is tested, and short of the limit of a single call.
        time.sleep(0.3)
        return get(key)

    @redis_app.get("/many")
    def many() -> t.Any:
        interface = t.cast("t.Any", redis_app.session_interface)
        return [interface._retrieve_session_data("x") for _ in range(9)]

    visitor = make_visitor(redis_app)
    visitor.log_in()
    monkeypatch.setattr(client, "get", slow_get)
    with within(LIMIT + LEEWAY), caplog.at_level(logging.WARNING):
        assert visitor.get("/many").status_code == 503


def test_right_after_a_login_pages_answer_as_well(
    redis_app: Flask, make_visitor: MakeVisitor, redis_proxy: Proxy
) -> None:
    """The extension looks at the first request after a login, whatever its page."""
    visitor = make_visitor(redis_app)
    visitor.log_in()
    redis_proxy.freeze()
    with within(LIMIT + LEEWAY):
        assert visitor.get("/").status_code == 200
    for path in ["/user", "/count", "/profile"]:
        assert visitor.fetch(path).status_code == 503
