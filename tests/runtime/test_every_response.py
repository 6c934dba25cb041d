"""Each response about a user is private, and has their cookies, however it is made."""

from __future__ import annotations

import copy
import typing as t

import pytest
from flask import (
    Flask,
    Response,
    request,
    request_finished,
    request_started,
    session,
)
from flask.globals import request_ctx
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from flask_auth0 import Auth0, current_user
from flask_auth0.runtime.request import current_request
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import MakeApp, MakeVisitor

#: What an app says of its pages that are for everybody.
PUBLIC = {"Cache-Control": "public, max-age=60"}


class OwnInterface(SecureCookieSessionInterface):
    """An interface that the app has set up itself."""


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app({"PROPAGATE_EXCEPTIONS": False})

    @app.errorhandler(500)
    def sorry(error: Exception) -> t.Any:
        return f"Sorry {current_user.get('name')}", 500, PUBLIC

    @app.get("/hello")
    def hello() -> t.Any:
        return f"Hello {current_user.get('name')}", PUBLIC

    @app.get("/change")
    def change() -> t.Any:
        Auth0().update_session(nickname="changed")
        return f"Hello {current_user['name']}", PUBLIC

    return app


def is_private(response: t.Any) -> bool:
    """Tell whether caches keep a response from others than its user."""
    control = response.cache_control
    return control.private and not control.public and "Cookie" in response.vary


def check_change(client: FlaskClient) -> None:
    """Change a session, of which the response has the cookies, and nobody else sees."""
    found = client.get("/change")
    assert found.status_code == 200
    assert is_private(found)
    names = [each.partition("=")[0] for each in found.headers.getlist("Set-Cookie")]
    assert "session_a0_head0" in names


def test_of_an_error_after_all_hooks(app: Flask) -> None:
    """A session that cannot be saved, for one."""

    @app.get("/fail")
    def fail() -> str:
        session["cart"] = object()
        return "never seen"

    found = logged_in_client(app, name="Ada").get("/fail")
    assert found.text == "Sorry Ada"
    assert is_private(found)


def test_of_a_receiver_of_the_last_signal(app: Flask) -> None:
    def fail(sender: Flask, **more: t.Any) -> None:
        raise ValueError

    client = logged_in_client(app, name="Ada")
    with request_finished.connected_to(fail, app):
        assert is_private(client.get("/hello"))


@pytest.mark.parametrize("place", [0, None])
def test_of_a_hook_that_fails(app: Flask, place: int | None) -> None:
    """Flask calls it once more for the error page, which goes on without it."""

    def fail(response: Response) -> Response:
        raise ValueError

    hooks = app.after_request_funcs.setdefault(None, [])
    hooks.insert(len(hooks) if place is None else place, fail)
    found = logged_in_client(app, name="Ada").get("/hello")
    assert found.text == "Sorry Ada"
    assert is_private(found)


def test_of_a_view_that_saves_the_session_itself(app: Flask) -> None:
    """What it saves it to is thrown away."""

    @app.get("/save")
    def save() -> t.Any:
        Auth0().update_session(nickname="before")
        mine = t.cast(t.Any, session)._get_current_object()
        app.session_interface.save_session(app, mine, app.response_class())
        Auth0().update_session(nickname="after")
        return f"Hello {current_user['nickname']}", PUBLIC

    client = logged_in_client(app)
    found = client.get("/save")
    assert found.text == "Hello after"
    assert is_private(found)
    client.get("/hello")
    assert "after" in client.get("/save").text


def test_of_a_response_that_several_requests_share(app: Flask) -> None:
    """Each of them has cookies of its own."""
    shared = app.response_class("shared")

    @app.get("/shared")
    def share() -> Response:
        Auth0().update_session(nickname="changed")
        shared.headers.clear()
        return shared

    for _ in range(2):
        found = logged_in_client(app).get("/shared")
        assert is_private(found)
        assert "session_a0_head0=" in str(found.headers)


def test_of_a_request_whose_interface_is_replaced(app: Flask) -> None:
    @app.before_request
    def replace() -> None:
        app.session_interface = OwnInterface()

    check_change(logged_in_client(app))


def test_of_an_interface_that_skips_paths(app: Flask) -> None:
    interface: t.Any = app.session_interface
    interface.is_null_session = lambda found: True
    check_change(logged_in_client(app))


def test_of_one_that_opens_no_session(app: Flask) -> None:
    interface: t.Any = app.session_interface
    interface.open_session = lambda app, request: None
    assert "Cookie" in app.test_client().get("/hello").vary


def test_of_a_key_that_comes_with_a_hook(app: Flask) -> None:
    app.secret_key, key = None, app.secret_key

    @app.before_request
    def set_key() -> None:
        app.secret_key = key

    assert "Cookie" in app.test_client().get("/hello").vary


def test_of_a_session_that_nobody_reads(app: Flask) -> None:
    """Flask sends it anew, and the extension a cookie of its own."""
    app.config["SESSION_REFRESH_EACH_REQUEST"] = True

    @app.get("/unread")
    def unread() -> t.Any:
        jar = current_request().jar
        jar.set(f"{jar.prefix}note", "1", 60)
        return "Hello", PUBLIC

    client = logged_in_client(app)
    response = client.get("/unread")
    lines = response.headers.getlist("Set-Cookie")
    names = [each.partition("=")[0] for each in lines]
    assert sorted(names) == ["session", "session_a0_note"]
    assert is_private(response)
    assert client.get("/hello").text == "Hello Test User"


def test_of_a_session_that_is_a_copy(app: Flask) -> None:
    @app.before_request
    def replace() -> None:
        context: t.Any = request_ctx._get_current_object()  # type: ignore[attr-defined]
        name = "session" if "session" in vars(context) else "_session"
        setattr(context, name, copy.copy(getattr(context, name)))

    check_change(logged_in_client(app))


def test_receivers_find_no_session_of_a_login_that_is_over(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    """Also where the interface is the app's own, and set after the extension."""
    app.session_interface = OwnInterface()
    app.add_url_rule("/put", view_func=lambda: session.update(cart="book") or "put")
    found: list[t.Any] = []

    def look(sender: Flask, **more: t.Any) -> None:
        found.append(session.get("cart"))

    visitor = make_visitor(app)
    visitor.log_in()
    visitor.get("/put")
    visitor.lose_state()
    with request_started.connected_to(look, app):
        visitor.get("/hello")
    assert found == [None]


def test_a_session_of_another_interface_that_ends_meanwhile_is_not_saved(
    app: Flask, make_visitor: MakeVisitor
) -> None:
    app.session_interface = OwnInterface()

    @app.get("/late")
    def late() -> str:
        session["cart"] = "book"
        tab = app.test_client()
        for name, value in request.cookies.items():
            tab.set_cookie(name, value)
        assert tab.get("/logout").status_code == 302
        return "late"

    visitor = make_visitor(app)
    visitor.log_in()
    found = visitor.get("/late").headers.getlist("Set-Cookie")
    assert [each for each in found if each.startswith("session=")] == []


def test_a_hook_for_another_interface_keeps_none_of_the_app_from_running(
    app: Flask,
) -> None:
    """Flask goes through the list while another request adds the hook."""
    ran: list[str] = []

    def first(response: Response) -> Response:
        ran.append("first")
        return response

    def last(response: Response) -> Response:
        if not ran:
            app.session_interface = OwnInterface()
            app.test_client().get("/hello")
            ran.clear()
        ran.append("last")
        return response

    app.after_request_funcs[None] = [first, first, last]
    app.test_client().get("/hello")
    assert ran == ["last", "first", "first"]


def test_an_error_of_a_first_request_after_a_login_is_the_apps_to_handle(
    make_app: MakeApp, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()

    @app.errorhandler(LookupError)
    def explain(error: LookupError) -> tuple[str, int]:
        return "explained", 418

    def fail(*args: object) -> None:
        raise LookupError

    visitor = make_visitor(app)
    visitor.log_in()
    monkeypatch.setattr("flask_auth0.views.repeated_logins.note_request", fail)
    found = visitor.get("/")
    assert (found.status_code, found.text) == (418, "explained")
