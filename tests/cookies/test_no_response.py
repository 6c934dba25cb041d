"""Sessions in cookies, where no response takes cookies to the browser."""

from __future__ import annotations

import asyncio
import threading
import typing as t

import pytest
from flask import Flask, copy_current_request_context

from flask_auth0 import Auth0, Auth0Error
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import HOST, MakeApp, MakeVisitor, Visitor

LIMIT = 60


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app(scope="openid profile email offline_access")
    auth0 = Auth0()

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token(force_refresh=True)

    @app.get("/stored")
    def stored() -> t.Any:
        session = auth0.get_session() or {}
        return session["token_sets"][-1]["access_token"]

    @app.get("/rename")
    def rename() -> str:
        auth0.update_session(nickname="changed")
        return "changed"

    return app


WORK: dict[str, t.Callable[[], t.Any]] = {
    "refresh": lambda: Auth0().get_access_token(force_refresh=True),
    "update": lambda: Auth0().update_session(nickname="lost"),
}


@pytest.mark.parametrize("work", WORK)
def test_an_event_is_refused_before_anything_is_spent(
    visitor: Visitor, work: str
) -> None:
    """Flask-SocketIO pushes a request context alone, for each event of a socket."""
    visitor.log_in()
    sent = "; ".join(f"{k}={v}" for k, v in visitor.cookies().items())
    with visitor.app.test_request_context(headers={"Cookie": sent}, base_url=HOST):
        with pytest.raises(Auth0Error, match="No response") as refused:
            WORK[work]()
        assert "SESSION_TYPE" in str(refused.value.remedy)
    # The token is still good.
    assert visitor.get("/token").status_code == 200


@pytest.mark.parametrize("work", WORK)
def test_a_websocket_is_refused(app: Flask, visitor: Visitor, work: str) -> None:
    """A view of flask-sock has a response that is never sent."""

    @app.route("/socket", websocket=True)
    def socket() -> str:
        with pytest.raises(Auth0Error, match="No response"):
            WORK[work]()
        return "refused"

    visitor.log_in()
    headers = {"Upgrade": "WebSocket", "Connection": "Upgrade"}
    assert visitor.get("/socket", headers=headers).text == "refused"
    assert visitor.get("/token").status_code == 200


def test_what_a_thread_has_begun_is_not_lost(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its response is sent before the tenant has answered."""
    auth0 = Auth0()
    begun, sent, done = (threading.Event() for _ in range(3))
    found: list[str] = []
    client = app.extensions["auth0"].client
    ask = client._exchange

    async def wait_and_ask(*arguments: t.Any) -> t.Any:
        begun.set()
        assert await asyncio.to_thread(sent.wait, LIMIT)
        return await ask(*arguments)

    @app.get("/aside")
    def aside() -> str:
        @copy_current_request_context
        def refresh() -> None:
            try:
                found.append(auth0.get_access_token(force_refresh=True))
            finally:
                done.set()

        threading.Thread(target=refresh).start()
        assert begun.wait(LIMIT)
        return "answered"

    visitor.log_in()
    monkeypatch.setattr(client, "_exchange", wait_and_ask)
    assert visitor.get("/aside").text == "answered"
    sent.set()
    assert done.wait(LIMIT)
    assert len(found) == 1
    monkeypatch.setattr(client, "_exchange", ask)
    # The next request goes on from there.
    assert visitor.get("/stored").text == found[0]


def test_a_test_client_needs_no_response(app: Flask) -> None:
    client = logged_in_client(app)
    assert client.get("/rename").text == "changed"
    assert client.get("/user").get_json()["nickname"] == "changed"


def test_a_hook_of_the_app_that_runs_first_is_dispatched(
    make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    app = make_app()

    def rename() -> None:
        if Auth0().get_user():
            Auth0().update_session(nickname="changed")

    app.before_request_funcs.setdefault(None, []).insert(0, rename)
    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.user()["nickname"] == "changed"
