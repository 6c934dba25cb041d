"""Flask-SocketIO, whose events are requests that no response belongs to."""

from __future__ import annotations

import typing as t

import pytest
from flask_socketio import SocketIO, disconnect

from flask_auth0 import Auth0, Auth0Error, current_user
from tests.harness.visitor import HOST, MakeApp, MakeVisitor, Visitor

SCOPE = "openid profile email offline_access"


class Room:
    """An app with events, and its visitor."""

    def __init__(self, app: t.Any, visitor: Visitor) -> None:
        self.app, self.visitor = app, visitor
        self.sockets = SocketIO(app, async_mode="threading")
        auth0 = Auth0()

        @self.sockets.on("connect")  # type: ignore[untyped-decorator]
        def connect() -> bool:
            return bool(current_user)

        @self.sockets.on("who")  # type: ignore[untyped-decorator]
        def who() -> t.Any:
            if not current_user:
                disconnect()
            return current_user.get("name")

        @self.sockets.on("token")  # type: ignore[untyped-decorator]
        def token() -> t.Any:
            try:
                return auth0.get_access_token(force_refresh=True)
            except Auth0Error as error:
                return error.remedy

    def enter(self) -> t.Any:
        cookies = "; ".join(f"{k}={v}" for k, v in self.visitor.cookies().items())
        headers = {"Host": HOST.partition("//")[2], "Cookie": cookies}
        return self.sockets.test_client(self.app, headers=headers)


@pytest.fixture(params=["cookie", "redis"])
def room(
    request: pytest.FixtureRequest, make_app: MakeApp, make_visitor: MakeVisitor
) -> Room:
    is_in_redis = request.param == "redis"
    config = request.getfixturevalue("redis_settings") if is_in_redis else {}
    app = make_app(config, scope=SCOPE)
    return Room(app, make_visitor(app))


def ask(socket: t.Any, event: str) -> t.Any:
    return socket.emit(event, callback=True)


def test_users_alone_enter(room: Room) -> None:
    assert not room.enter().is_connected()
    room.visitor.log_in()
    socket = room.enter()
    assert socket.is_connected()
    assert ask(socket, "who") == "Ada Lovelace"
    socket.disconnect()


def test_tokens(room: Room) -> None:
    """A new one needs a place for what comes with it, which events have on a server."""
    room.visitor.log_in()
    socket = room.enter()
    answer = ask(socket, "token")
    is_in_redis = "SESSION_TYPE" in room.app.config
    assert ("SESSION_TYPE" in answer) == (not is_in_redis)
    socket.disconnect()


def test_a_logout_counts_at_once(room: Room) -> None:
    """A socket goes on to send what it began with, cookies among it."""
    room.visitor.log_in()
    socket = room.enter()
    assert ask(socket, "who") == "Ada Lovelace"
    room.visitor.get("/logout")
    ask(socket, "who")
    assert not socket.is_connected()
