"""The contract of a session while secrets rotate, for every place it can live in."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from flask_auth0 import Auth0
from flask_auth0.testing import logged_in_client
from tests.harness.visitor import GRACE, SECRET, MakeApp, MakeVisitor, Visitor

if t.TYPE_CHECKING:
    from tests.harness.clock import Clock

OLD, NEW = SECRET, "n" * 64
#: One second more than may pass until activity is written down again.
A_WHILE = 86400 / 60 + 1

Begin = t.Callable[[], Visitor]
Switch = t.Callable[..., None]


class RotationContract:
    """The contract of browsers whose app gets other secrets meanwhile."""

    @pytest.fixture
    def make_own_app(
        self, make_app: MakeApp, settings: dict[str, t.Any]
    ) -> t.Callable[..., Flask]:
        def make(*secrets: str) -> Flask:
            scope = "openid profile offline_access"
            app = make_app(settings, secret=list(secrets), scope=scope)
            add_views(app)
            return app

        return make

    @pytest.fixture
    def begin(
        self, make_own_app: t.Callable[..., Flask], make_visitor: MakeVisitor
    ) -> Begin:
        """Let somebody visit an app with the old secret."""
        return lambda: make_visitor(make_own_app(OLD))

    @pytest.fixture
    def switch(self, make_own_app: t.Callable[..., Flask]) -> Switch:
        """Let a visitor's app be one with other secrets from here on."""

        def switch(visitor: Visitor, *secrets: str) -> None:
            visitor.app = make_own_app(*secrets)
            visitor.client = self.same_browser(visitor, visitor.app)

        return switch

    @staticmethod
    def same_browser(visitor: Visitor, app: Flask) -> FlaskClient:
        """A client of another app with the same cookies."""
        client = app.test_client()
        for name, value in visitor.cookies().items():
            client.set_cookie(name, value, domain="localhost")
        return client

    def test_a_session_in_use_moves_to_the_new_secret(
        self, begin: Begin, switch: Switch, clock: Clock
    ) -> None:
        visitor = begin()
        visitor.client = logged_in_client(visitor.app)
        visitor.get("/basket/book")
        switch(visitor, NEW, OLD)
        assert seen_by(visitor) == ("auth0|test", 1, "book")
        clock.offset = A_WHILE
        assert visitor.user() is not None
        switch(visitor, NEW)
        assert seen_by(visitor) == ("auth0|test", 1, "book")

    def test_and_so_does_one_that_gets_new_tokens(
        self, begin: Begin, switch: Switch
    ) -> None:
        visitor = begin()
        visitor.get("/basket/book")
        visitor.log_in()
        switch(visitor, NEW, OLD)
        assert visitor.get("/another-token").text == "kept"
        switch(visitor, NEW)
        assert seen_by(visitor) == ("auth0|ada", 2, "book")

    def test_one_of_a_dropped_secret_is_none_and_leaves_nothing(
        self, begin: Begin, switch: Switch
    ) -> None:
        visitor = begin()
        visitor.client = logged_in_client(visitor.app)
        visitor.get("/basket/book")
        before = visitor.cookies()
        switch(visitor, NEW)
        assert visitor.user() is None
        assert visitor.get("/profile").status_code == 302
        assert visitor.get("/tokens").text == "0"
        visitor.log_in(GRACE)
        assert seen_by(visitor) == ("auth0|grace", 1, "None")
        assert not set(before.values()) & set(visitor.cookies().values())

        for name, value in before.items():
            visitor.set_cookie(name, value)
        visitor.get("/logout")
        assert not [name for name in visitor.cookies() if "_a0_" in name]

    def test_a_login_under_way_survives(self, begin: Begin, switch: Switch) -> None:
        visitor = begin()
        one, other = (
            visitor.authorize(visitor.get(f"/login?next=/tokens?{number}"))
            for number in range(2)
        )
        switch(visitor, NEW, OLD)
        assert visitor.get(one).location == "/tokens?0"
        assert visitor.get("/tokens").text == "1"
        visitor.get("/logout")
        switch(visitor, NEW)
        again = visitor.get(other)
        assert "/authorize?" in again.location
        visitor.get(visitor.authorize(again))
        assert visitor.get("/tokens").text == "1"


def seen_by(visitor: Visitor) -> tuple[str, int, str]:
    """The user who is logged in, the number of tokens, and the data of the app."""
    tokens = int(visitor.get("/tokens").text)
    return visitor.user()["sub"], tokens, visitor.get("/basket").text


def add_views(app: Flask) -> None:
    @app.get("/tokens")
    def tokens() -> str:
        found = Auth0().get_session()
        return str(len(found["token_sets"]) if found else 0)

    @app.get("/another-token")
    def another_token() -> str:
        Auth0().get_access_token(audience="https://api.example.com")
        return "kept"

    @app.get("/basket")
    def basket() -> str:
        return str(session.get("basket"))

    @app.get("/basket/<value>")
    def fill(value: str) -> str:
        session["basket"] = value
        return "kept"
