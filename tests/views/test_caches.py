"""The headers for caches of a response about a user."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, make_response, render_template_string, stream_with_context
from flask.testing import FlaskClient

from flask_auth0 import Auth0, current_user
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import MakeApp


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app()

    @app.get("/template")
    def template() -> str:
        return render_template_string(
            "{% if current_user %}{{ current_user.name }}{% else %}nobody{% endif %}"
        )

    @app.get("/cached")
    def cached() -> t.Any:
        response = make_response(current_user.get("name", "nobody"))
        response.cache_control.public = True
        response.cache_control.max_age = 60
        response.cache_control.s_maxage = 60
        return response

    return app


def test_a_users_response_is_not_for_shared_caches(app: Flask) -> None:
    response = logged_in_client(app, name="Ada").get("/cached")
    assert response.text == "Ada"
    assert response.cache_control.private
    assert not response.cache_control.public
    assert response.cache_control.s_maxage is None
    assert response.cache_control.max_age == 60
    assert "Cookie" in response.vary


@pytest.mark.parametrize("call", ["get_user", "get_session", "get_access_token"])
def test_nor_is_what_was_made_with_their_session(app: Flask, call: str) -> None:
    auth0 = Auth0()

    @app.get("/call")
    def called() -> t.Any:
        getattr(auth0, call)()
        response = make_response("made")
        response.cache_control.public = True
        return response

    @app.get("/await")
    async def awaited() -> t.Any:
        await getattr(auth0.client, call)()
        response = make_response("made")
        response.cache_control.public = True
        return response

    for path in ["/call", "/await"]:
        response = logged_in_client(app).get(path)
        assert response.cache_control.private
        assert not response.cache_control.public
        assert "Cookie" in response.vary
    plain = logged_in_client(app).get("/template")
    assert plain.headers["Cache-Control"] == "private"


def test_what_depends_on_the_user_varies_for_everybody(app: Flask) -> None:
    response = app.test_client().get("/cached")
    assert response.text == "nobody"
    assert "Cookie" in response.vary
    assert response.cache_control.public


def test_what_does_not_ask_for_the_user_is_left_alone(app: Flask) -> None:
    response = logged_in_client(app).get("/")
    assert "Cookie" not in response.vary
    assert not response.cache_control


def test_what_is_not_stored_stays_so(app: Flask) -> None:
    @app.get("/unstored")
    def unstored() -> t.Any:
        response = make_response(current_user["name"])
        response.cache_control.no_store = True
        return response

    response = logged_in_client(app).get("/unstored")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("call", ["current_user", "get_user", "get_session"])
def test_a_stream_that_asks_too_late_is_named(
    app: Flask, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    """Its headers have been sent, and whoever stores it may give it to others."""
    auth0 = Auth0()
    ask = {"current_user": lambda: bool(current_user)}.get(call)
    is_private = False

    @app.get("/stream")
    def stream() -> t.Any:
        def parts() -> t.Iterator[str]:
            (ask or getattr(auth0, call))()
            yield "told"

        response = app.response_class(stream_with_context(parts()))
        if is_private:
            response.headers["Cache-Control"] = "private"
        return response

    client = logged_in_client(app)
    for _ in range(2):
        read_all(client, "/stream")
    assert caplog.text.count("'stream'") == 1
    assert "Cache-Control: private" in caplog.text
    caplog.clear()
    app.extensions["auth0"].late_views.clear()
    is_private = True
    read_all(client, "/stream")
    assert not caplog.text


def read_all(client: FlaskClient, path: str) -> str:
    """Read a streamed answer to its end, and close it as a server does."""
    with client.get(path) as response:
        return response.get_data(as_text=True)


def test_a_stream_that_asks_before_is_not_for_shared_caches(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/stream")
    def stream() -> t.Any:
        name = current_user["name"]
        response = app.response_class(stream_with_context(iter([name])))
        response.cache_control.public = True
        return response

    @app.get("/plain")
    def plain() -> t.Any:
        return app.response_class(stream_with_context(iter(["plain"])))

    client = logged_in_client(app, name="Ada")
    response = client.get("/stream")
    assert response.text == "Ada"
    assert response.cache_control.private
    assert "Cookie" in response.vary
    with client.get("/plain") as plainly:
        assert plainly.data == b"plain"
        assert not plainly.cache_control
    assert not caplog.text
