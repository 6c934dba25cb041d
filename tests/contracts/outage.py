"""The contract of back ends that can be cut off."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable

import pytest
from flask import Flask, session

from flask_auth0 import Auth0Error
from tests.harness.deadlines import within
from tests.harness.processes import until
from tests.harness.proxy import Proxy
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor

#: Seconds that a request may wait for a back end that is down.
LIMIT = 1
#: Seconds that everything else may take.
LEEWAY = 0.4

MakeProxy = Callable[[int], Proxy]


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
    """The contract of back ends that are reached through a network."""

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
        """An app that waits long, as all is well or no server answers at all."""
        app = make_app(settings)
        add_views(app)
        return app

    @pytest.fixture
    def hasty_app(self, make_app: MakeApp, settings: dict[str, t.Any]) -> Flask:
        """An app with the same sessions that does not wait for long."""
        app = make_app(settings, session_store_timeout=LIMIT)
        add_views(app)
        return app

    def test_it_is_down_and_comes_back(
        self,
        visitor: Visitor,
        proxy: Proxy,
        settings: dict[str, t.Any],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        visitor.log_in()
        assert visitor.get("/count").text == "1"
        proxy.cut()
        check_unavailable(visitor)
        before = time.monotonic()
        proxy.restore()
        assert comes_back(visitor)
        assert t.cast(t.Any, visitor.app.session_interface).back_end.well_since > before
        assert visitor.get("/count").text == "2"
        assert not [record for record in caplog.records if record.exc_info]
        # The operator reads which setting, and which server.
        (key,) = settings.keys() - {"SESSION_TYPE"}
        assert f"{key} names a server that does not answer (" in caplog.text
        assert str(proxy.port) in caplog.text or key == "SESSION_DYNAMODB"

    def test_it_hangs_and_comes_back(
        self,
        visitor: Visitor,
        hasty_app: Flask,
        make_visitor: MakeVisitor,
        proxy: Proxy,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        visitor.log_in()
        assert visitor.get("/count").text == "1"
        hasty = make_visitor(hasty_app)
        hasty.set_cookie("session", visitor.cookies()["session"])
        until(lambda: comes_back(hasty), "it is quick enough")
        proxy.freeze()
        check_unavailable(hasty, ["/profile"])
        proxy.thaw()
        until(lambda: comes_back(hasty), "it is quick enough again")
        assert comes_back(visitor)
        assert visitor.get("/count").text == "2"
        assert not [record for record in caplog.records if record.exc_info]

    def test_one_that_never_answers_is_named_at_the_start(
        self, make_app: MakeApp, proxy: Proxy, settings: dict[str, t.Any]
    ) -> None:
        proxy.freeze()
        with pytest.raises(Auth0Error, match=r"SESSION_\w+ names a server"):
            make_app(settings, session_store_timeout=LIMIT)
