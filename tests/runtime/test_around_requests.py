"""The extension's work around a request is done, whatever an app has beside it."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
from flask import (
    Flask,
    Response,
    request_finished,
    request_started,
    session,
    stream_with_context,
)
from flask.sessions import SecureCookieSessionInterface

from flask_auth0 import Auth0, Auth0Error
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor


class OwnInterface(SecureCookieSessionInterface):
    """An interface that the app has set up itself."""


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app()

    @app.get("/put")
    def put() -> str:
        session["cart"] = "book"
        return "put"

    return app


def flags_of(app: Flask, path: str) -> list[str]:
    """What each cookie of a page has after its value."""
    response = app.test_client().get(path, base_url="https://app.example.com")
    lines = response.headers.getlist("Set-Cookie")
    assert lines
    return [line.partition(";")[2] for line in lines]


def test_it_needs_no_hook_and_no_signal(app: Flask) -> None:
    """Each would add a third at least to what the extension does in a request."""
    app.test_client().get("/put")
    for signal in (request_started, request_finished):
        assert list(signal.receivers_for(app)) == []
    hooks: list[t.Any] = [app.before_request_funcs, app.after_request_funcs]
    hooks += [app.url_value_preprocessors, app.teardown_request_funcs]
    assert [each.get(None) for each in hooks if each.get(None)] == []


@pytest.mark.parametrize("is_late", [False, True])
def test_an_app_can_set_an_interface_of_its_own(app: Flask, is_late: bool) -> None:
    if is_late:
        assert all("Secure" in each for each in flags_of(app, "/put"))
    app.session_interface = OwnInterface()
    for _ in range(2):
        assert all("Secure" in each for each in flags_of(app, "/put"))


def test_an_app_can_take_its_key_away(app: Flask) -> None:
    app.secret_key = None
    assert all("Secure" in each for each in flags_of(app, "/login"))


@pytest.mark.parametrize("is_late", [False, True])
def test_the_login_of_a_foreign_session_is_looked_at(
    app: Flask, make_visitor: MakeVisitor, is_late: bool
) -> None:
    """Its end may have come in a request before, or from outside."""
    if is_late:
        app.test_client().get("/put")
    app.session_interface = OwnInterface()
    visitor = make_visitor(app)
    visitor.log_in()
    visitor.get("/put")
    visitor.lose_state()
    with visitor.client:
        visitor.get("/")
        assert "cart" not in session


def before_request(app: Flask) -> t.Any:
    return app.before_request_funcs.setdefault(None, [])


def url_value_preprocessors(app: Flask) -> t.Any:
    return app.url_value_preprocessors.setdefault(None, [])


@pytest.mark.parametrize("hooks", [before_request, url_value_preprocessors])
def test_hooks_before_all_others_may_change_the_session(
    make_app: MakeApp, make_visitor: MakeVisitor, hooks: t.Callable[[Flask], t.Any]
) -> None:
    app = make_app()

    def rename(*of_a_preprocessor: t.Any) -> None:
        if Auth0().get_user():
            Auth0().update_session(nickname="changed")

    hooks(app).insert(0, rename)
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["nickname"] == "changed"


def test_signals_of_the_app_may_change_the_session(
    make_app: MakeApp,
) -> None:
    """They are sent before all hooks, the extension's own among them."""
    refused: list[Auth0Error] = []

    def rename(sender: Flask, **more: t.Any) -> None:
        try:
            if Auth0().get_user():
                Auth0().update_session(nickname="changed")
        except Auth0Error as error:
            refused.append(error)

    # The order of a signal's receivers depends on where they are in the memory.
    apps = [make_app() for _ in range(10)]
    for app in apps:
        app.add_url_rule("/put", view_func=lambda: "put")
        with request_started.connected_to(rename, app):
            client = logged_in_client(app)
            for _ in range(2):
                client.get("/put")
    assert refused == []


def test_a_hook_that_saves_the_session_leaves_the_cookie_secure(
    make_app: MakeApp,
) -> None:
    """Flask runs the hooks of the app that are older than the extension last."""
    app = make_app()

    @app.get("/keep")
    def keep() -> str:
        session["cart"] = "book"
        return ""

    def save(response: Response) -> Response:
        mine = t.cast(t.Any, session)._get_current_object()
        app.session_interface.save_session(app, mine, response)
        response.headers.remove("Set-Cookie")
        return response

    app.after_request_funcs[None].insert(0, save)
    found = app.test_client().get("/keep", base_url="https://app.example")
    (line,) = found.headers.getlist("Set-Cookie")
    assert "; Secure" in line


def test_an_app_can_save_a_session_outside_of_requests(app: Flask) -> None:
    with app.test_request_context():
        mine = t.cast(t.Any, session)._get_current_object()
        mine["cart"] = "book"
    response = app.response_class()
    with app.app_context():
        app.session_interface.save_session(app, mine, response)
    assert "session=" in response.headers["Set-Cookie"]


def test_a_stream_is_too_late_for_cookies(app: Flask) -> None:
    """Also where nobody has asked for anything before it."""

    @app.get("/stream")
    def stream() -> t.Any:
        def parts() -> Iterator[str]:
            with pytest.raises(Auth0Error, match="streamed"):
                Auth0().update_session(nickname="lost")
            yield "refused"

        return stream_with_context(parts())

    client = logged_in_client(app)
    for _ in range(2):
        assert client.get("/stream").text == "refused"


def test_a_test_that_changes_the_session_gets_it_back(visitor: Visitor) -> None:
    with visitor.client.session_transaction() as mine:
        mine["cart"] = "book"
    with visitor.client:
        visitor.get("/")
        assert session["cart"] == "book"
