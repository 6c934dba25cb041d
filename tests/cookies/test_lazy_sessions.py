"""Flask's signed session is opened at its first use, and behaves as Flask's own."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask, session, stream_with_context
from flask.json.provider import DefaultJSONProvider
from flask.testing import FlaskClient

from flask_auth0.runtime import clock as clocks
from flask_auth0.sessions.cookies.signed import set_up_signed_sessions
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import MakeApp, MakeVisitor


def write() -> str:
    session["new"] = 1
    return ""


def overwrite() -> str:
    session["old"] = 2
    return ""


def read() -> str:
    return str(session.get("old"))


def look_for() -> str:
    return str("old" in session)


def remove() -> str:
    session.pop("old", None)
    return ""


def clear() -> str:
    session.clear()
    return ""


def ask_permanent() -> str:
    return str(session.permanent)


def make_permanent() -> str:
    session.permanent = True
    return ""


def mark_modified() -> str:
    session.modified = True
    return ""


def touch() -> str:
    return str(session.accessed)


VIEWS: list[Callable[[], str]] = [
    *(write, overwrite, read, look_for, remove, clear),
    *(ask_permanent, make_permanent, mark_modified, touch),
]


def nothing() -> str:
    return ""


@pytest.fixture(params=[False, True], ids=["once", "each"])
def config(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    return {"SESSION_REFRESH_EACH_REQUEST": request.param}


def make(config: dict[str, t.Any], *, is_lazy: bool) -> Flask:
    app = Flask(__name__)
    app.secret_key = "secret"
    app.config.update(config)
    if is_lazy:
        set_up_signed_sessions(app, clocks.machine)
    for view in [nothing, *VIEWS]:
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    return app


@pytest.fixture
def app() -> Flask:
    return make({"SESSION_REFRESH_EACH_REQUEST": False}, is_lazy=True)


def someone(app: Flask, content: dict[str, t.Any]) -> FlaskClient:
    """Return the browser of somebody whose session has some content."""
    client = app.test_client()
    with client.session_transaction() as mine:
        mine.update(content)
    return client


def content_of(client: FlaskClient) -> dict[str, t.Any]:
    with client.session_transaction() as mine:
        return dict(mine)


def test_a_view_without_a_session_verifies_nothing(
    app: Flask, verified: list[str]
) -> None:
    client = someone(app, {"old": 1})
    verified.clear()
    assert "Vary" not in client.get("/nothing").headers
    assert verified == []
    client.get("/read")
    assert len(verified) == 1


@pytest.mark.parametrize("content", [{}, {"old": 1}, {"old": [1], "_permanent": True}])
@pytest.mark.parametrize("view", [nothing, *VIEWS])
def test_the_answer_is_that_of_flask(
    config: dict[str, t.Any], view: Callable[[], str], content: dict[str, t.Any]
) -> None:
    """It varies by the cookie, and sets one, exactly when that of Flask does."""
    path = f"/{view.__name__}"
    clients = [someone(make(config, is_lazy=each), content) for each in (True, False)]
    ours, flasks = [each.get(path) for each in clients]
    assert ours.text == flasks.text
    assert ours.headers.getlist("Vary") == flasks.headers.getlist("Vary")
    lines = [each.headers.getlist("Set-Cookie") for each in (ours, flasks)]
    assert len(lines[0]) == len(lines[1])
    assert content_of(clients[0]) == content_of(clients[1])


@pytest.mark.parametrize("view", [write, make_permanent, mark_modified])
def test_a_write_without_a_read_keeps_the_rest(
    app: Flask, view: Callable[[], str]
) -> None:
    client = someone(app, {"old": 1})
    client.get(f"/{view.__name__}")
    assert client.get("/read").text == "1"


@pytest.mark.parametrize("view", [remove, clear])
def test_what_is_emptied_is_gone(app: Flask, view: Callable[[], str]) -> None:
    client = someone(app, {"old": 1})
    client.get(f"/{view.__name__}")
    assert client.get_cookie("session") is None


def test_it_is_read_after_the_response(app: Flask) -> None:
    seen: list[t.Any] = []

    @app.teardown_request
    def look(error: t.Any) -> None:
        seen.append(session.get("old"))

    assert "Vary" not in someone(app, {"old": 1}).get("/nothing").headers
    assert seen[-1] == 1


def test_it_is_read_in_a_stream(app: Flask) -> None:
    @app.get("/stream")
    def stream() -> Iterator[str]:
        def parts() -> Iterator[str]:
            yield str(session.get("old"))

        return stream_with_context(parts())

    assert someone(app, {"old": 1}).get("/stream").text == "1"


def test_one_that_is_too_old_is_empty(app: Flask) -> None:
    app.permanent_session_lifetime = timedelta(seconds=-60)
    assert someone(app, {"old": 1}).get("/read").text == "None"


def test_an_app_reads_json_in_its_own_way(app: Flask) -> None:
    class Exact(DefaultJSONProvider):
        def loads(self, s: str | bytes, **options: t.Any) -> t.Any:
            return super().loads(s, parse_float=Decimal, **options)

    @app.get("/type")
    def type_() -> str:
        return type(session["old"]).__name__

    client = someone(app, {"old": 0.5})
    assert client.get("/type").text == "float"
    app.json = Exact(app)
    assert client.get("/type").text == "Decimal"


def test_an_app_replaces_the_function_that_reads_json(app: Flask) -> None:
    loads = functools.partial(app.json.loads, parse_float=Decimal)
    app.json.loads = loads  # type: ignore[method-assign]

    @app.get("/type")
    def type_() -> str:
        return type(session["old"]).__name__

    assert someone(app, {"old": 0.5}).get("/type").text == "Decimal"


def test_a_test_sees_and_changes_it(app: Flask) -> None:
    client = app.test_client()
    client.get("/write")
    with client.session_transaction() as mine:
        assert mine == {"new": 1}
        mine["old"] = 2
    with client:
        assert client.get("/read").text == "2"
        assert dict(session) == {"new": 1, "old": 2}


def test_the_hooks_of_an_app_run_before_anybody_is_asked_for(
    make_app: MakeApp, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store of its own may need what an app prepares before each request."""
    order: list[str] = []
    store = SimpleStore()
    app = make_app(state_store=store)
    original = store.get

    async def get(*args: t.Any, **more: t.Any) -> t.Any:
        order.append("store")
        return await original(*args, **more)

    visitor = make_visitor(app)
    visitor.log_in()
    monkeypatch.setattr(store, "get", get)
    # The app has set this up before the extension.
    app.before_request_funcs[None].insert(0, lambda: order.append("app"))
    visitor.get("/")
    assert order[:2] == ["app", "store"]
