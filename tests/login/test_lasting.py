"""Logins that do not last are noticed and stopped."""

from __future__ import annotations

import pytest
from flask import session

from tests.harness.clock import Clock
from tests.harness.visitor import Visitor, error_of


def without_session(visitor: Visitor) -> None:
    """Lose the cookies of a session, as a browser does for which they are too large."""
    for name in visitor.cookies():
        if "head" in name or "body" in name:
            visitor.client.delete_cookie(name, domain="localhost")


def test_a_login_that_does_not_last_is_stopped(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        asked = visitor.get("/profile")
        visitor.get(visitor.authorize(visitor.get(asked.location)))
        without_session(visitor)
    asked = visitor.get("/profile")
    stopped = visitor.get(asked.location)
    assert stopped.status_code == 400
    assert error_of(stopped) == "login_loop"
    assert "too large" in caplog.text
    assert "too large" not in stopped.text
    # Trying again is up to the user.
    assert "/authorize" in visitor.get("/login").location


def test_a_session_cookie_that_is_refused_is_named(visitor: Visitor) -> None:
    for _ in range(2):
        visitor.log_in()
        without_session(visitor)
        visitor.client.delete_cookie("session", domain="localhost")
    stopped = visitor.get("/login")
    assert error_of(stopped) == "login_loop"
    assert "does not send back the cookie" in stopped.text


def test_logins_that_last_are_never_stopped(visitor: Visitor) -> None:
    @visitor.app.get("/forget")
    def forget() -> str:
        session.clear()
        return "forgotten"

    for _ in range(6):
        assert visitor.log_in().location == "/"
        visitor.get("/forget")
    for _ in range(6):
        assert visitor.log_in().location == "/"
        visitor.get("/logout")
    for _ in range(6):
        assert visitor.log_in().location == "/"


def test_old_logins_are_not_counted(visitor: Visitor, clock: Clock) -> None:
    for _ in range(2):
        visitor.log_in()
        without_session(visitor)
    marker = visitor.cookies()["session_a0_loop"]
    clock.offset = 61
    # A browser whose clock is behind still sends it.
    visitor.set_cookie("session_a0_loop", marker)
    assert "/authorize" in visitor.get("/login").location
