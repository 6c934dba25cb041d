"""Pages of the app's own that say that nobody knows who is logged in."""

from __future__ import annotations

import socket
import typing as t
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask, abort, render_template_string, session

from flask_auth0 import (
    Auth0,
    Auth0Error,
    SessionStoreUnavailable,
    current_user,
    login_required,
)
from flask_auth0.app_state import state_of
from tests.harness.own_stores import SimpleStore
from tests.harness.proxy import Proxy, proxied
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor

TEMPLATE = "{% if current_user %}in{% endif %}{{ current_user.name }}{{ error }}"
auth0 = Auth0()
#: How an error page may ask who is logged in.
QUESTIONS: dict[str, Callable[[], object]] = {
    "template": lambda: render_template_string(TEMPLATE),
    "truth": lambda: bool(current_user),
    "claim": lambda: current_user.get("name"),
    "is_authenticated": lambda: current_user.is_authenticated,
    "get_user": auth0.get_user,
    "get_session": auth0.get_session,
    "await get_user": lambda: auth0.run(auth0.client.get_user()),
    "session": lambda: session.get("basket"),
}
#: The places where an app may hear of the outage first.
VIEWS: dict[str, Callable[[], object]] = {
    "guard": login_required(lambda: "in"),
    "claim": lambda: current_user.get("name"),
    "get_user": auth0.get_user,
    "get_session": auth0.get_session,
    "await get_user": lambda: auth0.run(auth0.client.get_user()),
    "token": auth0.get_access_token,
    "update": lambda: auth0.update_session({"color": "blue"}),
    "write": lambda: session.update(basket="book"),
}


def add_views(app: Flask, kind: type[Exception]) -> None:
    """Add what fails, and the page that says so."""
    for name, view in VIEWS.items():
        app.add_url_rule(f"/{name}", name, lambda view=view: str(view()))

    @app.errorhandler(kind)
    def page(error: Exception) -> t.Any:
        said = {name: str(ask()) for name, ask in QUESTIONS.items()}
        assert set(said.values()) <= {"", "None", "False"}, said
        return "It cannot be said who you are.", 503


@pytest.fixture
def way(redis_url: str) -> Iterator[Proxy]:
    def connect(client: socket.socket) -> socket.socket:
        return socket.create_connection(("127.0.0.1", urlsplit(redis_url).port or 0))

    with proxied(connect) as proxy:
        yield proxy


def check(visitor: Visitor) -> None:
    for name in VIEWS:
        answer = visitor.get(f"/{name}")
        said = (answer.status_code, answer.text)
        assert said == (503, "It cannot be said who you are."), name


@pytest.mark.parametrize("kind", [Auth0Error, SessionStoreUnavailable])
def test_of_a_store_that_is_away(
    make_app: MakeApp, make_visitor: MakeVisitor, way: Proxy, kind: type[Exception]
) -> None:
    url = f"redis://127.0.0.1:{way.port}/3"
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": url})
    add_views(app, kind)
    visitor = make_visitor(app)
    visitor.log_in()
    way.cut()
    check(visitor)


LAYOUTS = {
    "user": "{{ current_user.name }}",
    "messages": "{{ get_flashed_messages() }}",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_another_error_while_a_store_is_away(
    make_app: MakeApp, make_visitor: MakeVisitor, way: Proxy, layout: str
) -> None:
    url = f"redis://127.0.0.1:{way.port}/3"
    app = make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": url})

    @app.errorhandler(404)
    def page(error: Exception) -> t.Any:
        return render_template_string(f"Not here. {LAYOUTS[layout]}"), 404

    app.add_url_rule("/given-up", "given-up", lambda: abort(404))
    visitor = make_visitor(app)
    visitor.log_in()
    way.cut()
    for path in ("/nothing", "/given-up"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.text[:9]) == (404, "Not here.")
    assert visitor.get("/profile").status_code == 503


def test_of_a_store_of_the_apps_own(
    make_app: MakeApp, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(state_store=SimpleStore())
    add_views(app, Exception)
    visitor = make_visitor(app)
    visitor.log_in()

    async def fail(*args: t.Any, **kwargs: t.Any) -> t.Any:
        raise ConnectionError("nobody there")

    store = state_of(app).state_store
    monkeypatch.setattr(store, "get", fail)
    check(visitor)
