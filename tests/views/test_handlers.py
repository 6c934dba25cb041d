"""The app's own handlers answer errors that Flask has not seen being raised."""

from __future__ import annotations

import typing as t

import pytest
from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException

from flask_auth0 import Auth0, Auth0Error, LoginRequired, TenantUnavailable
from flask_auth0.runtime import error_handlers
from tests.harness.visitor import Visitor


def raise_(error: HTTPException) -> t.Callable[[], t.Any]:
    def view() -> t.Any:
        raise error

    return view


def register(app: Flask, on: Flask | Blueprint, kind: t.Any) -> None:
    """Answer with the name of who has registered the handler."""

    async def handler(error: Exception) -> str:
        return f"{on.name} {kind}"

    on.register_error_handler(kind, handler)


REGISTERED: list[tuple[str, t.Any]] = [
    *(("app", kind) for kind in (Exception, HTTPException, Auth0Error, 503, 401)),
    *(("part", kind) for kind in (HTTPException, LoginRequired, TenantUnavailable)),
]


@pytest.mark.parametrize("first", range(len(REGISTERED)))
@pytest.mark.parametrize("error", [LoginRequired(), TenantUnavailable(code=500)])
def test_it_is_the_handler_that_flask_would_call(error: Auth0Error, first: int) -> None:
    app, part = Flask("app"), Blueprint("part", __name__)
    for on, kind in REGISTERED[first:]:
        register(app, app if on == "app" else part, kind)
    part.add_url_rule("/raised", view_func=raise_(error), endpoint="raised")
    answer = app.ensure_sync(lambda: error_handlers.answer(app, error))
    part.add_url_rule("/answered", view_func=answer, endpoint="answered")
    app.register_blueprint(part)
    client = app.test_client()
    raised, answered = client.get("/raised"), client.get("/answered")
    assert (raised.status, raised.text) == (answered.status, answered.text)


def test_an_error_of_the_sdk_is_handled_by_the_app(visitor: Visitor) -> None:
    app, auth0 = visitor.app, Auth0()

    @app.get("/awaited")
    async def awaited() -> str:
        return str(await auth0.client.get_access_token())

    register(app, app, LoginRequired)
    assert visitor.fetch("/awaited").text.startswith("tests.fixtures.apps")
