"""The contract of sessions in every place where our own store keeps them."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, session

from flask_auth0 import Auth0
from flask_auth0.sessions.storage_contract import KEY
from tests.contracts.rotation import RotationContract
from tests.contracts.stores import StoreContract
from tests.harness.clock import Clock
from tests.harness.visitor import ADA, GRACE, MakeApp, MakeVisitor, Visitor


class SessionContract(RotationContract, StoreContract):
    """The contract of sessions in our own store, inherited for each place."""

    def test_clearing_the_session_logs_out(self, visitor: Visitor) -> None:
        visitor.log_in()
        visitor.get("/clear")
        assert visitor.user() is None

    def test_clearing_it_logs_out_within_the_same_request(
        self, app: Flask, visitor: Visitor
    ) -> None:
        auth0 = Auth0()

        @app.get("/read-and-clear")
        def read_and_clear() -> list[bool]:
            before = auth0.get_session()
            session.clear()
            return [before is not None, auth0.get_session() is not None]

        visitor.log_in()
        assert visitor.fetch("/read-and-clear").get_json() == [True, False]

    def test_nor_after_their_session_has_expired(
        self, visitor: Visitor, clock: Clock
    ) -> None:
        visitor.log_in(ADA)
        visitor.get("/put/cart/book")
        clock.offset = 86400 + 1
        assert visitor.user() is None
        clock.offset = 0
        visitor.log_in(GRACE)
        assert visitor.get("/session").get_json() == {}

    def test_inactivity_ends_it(self, visitor: Visitor, clock: Clock) -> None:
        visitor.log_in()
        clock.offset = 86400 - 10
        assert visitor.user() is not None
        clock.offset += 86400 - 10
        assert visitor.user() is not None
        clock.offset += 86400 + 10
        assert visitor.user() is None

    def test_nothing_outlasts_the_absolute_duration(
        self, visitor: Visitor, clock: Clock
    ) -> None:
        visitor.log_in()
        for _ in range(3):
            clock.offset += 86400 - 100
            assert visitor.user() is not None
        clock.offset = 259200 + 1
        assert visitor.user() is None

    def test_without_rolling_only_the_absolute_duration_counts(
        self,
        make_app: MakeApp,
        make_visitor: MakeVisitor,
        settings: dict[str, t.Any],
        clock: Clock,
    ) -> None:
        visitor = make_visitor(make_app(settings, session_rolling=False))
        visitor.log_in()
        clock.offset = 259200 - 10
        assert visitor.user() is not None
        clock.offset = 259200 + 1
        assert visitor.user() is None

    def test_a_shorter_duration_takes_effect_at_once(
        self,
        app: Flask,
        make_app: MakeApp,
        make_visitor: MakeVisitor,
        settings: dict[str, t.Any],
        clock: Clock,
    ) -> None:
        visitor = make_visitor(app)
        visitor.log_in()
        clock.offset = 100
        shorter = make_app(settings, session_absolute_duration=90)
        visitor.client = self.same_browser(visitor, shorter)
        assert visitor.user() is None

    def test_a_longer_duration_is_for_later_logins(
        self,
        make_app: MakeApp,
        make_visitor: MakeVisitor,
        settings: dict[str, t.Any],
        clock: Clock,
    ) -> None:
        """Labels and notes of ends are kept no longer than the session would last."""
        shorter = make_app(settings, session_absolute_duration=90)
        longer = make_app(settings)
        before, after = make_visitor(shorter), make_visitor(longer)
        before.log_in()
        before.client = self.same_browser(before, longer)
        after.log_in()
        assert before.user() is not None
        clock.offset = 100
        assert before.user() is None
        assert after.user() is not None

    def test_activity_is_written_down_rarely(
        self, visitor: Visitor, clock: Clock
    ) -> None:
        visitor.log_in()
        visitor.user()
        for _ in range(3):
            assert not visitor.get("/profile").headers.getlist("Set-Cookie")
            clock.offset += 100
        clock.offset = 86400 / 60 + 1
        visitor.get("/profile")
        clock.offset = 86400 + 100
        assert visitor.user() is not None

    @pytest.mark.parametrize(
        "value", ["rubbish", 7, ["a"], {"a": 1}, None, "", "x" * 9999, "ä"]
    )
    def test_a_weird_key_is_no_session(
        self, app: Flask, visitor: Visitor, value: t.Any
    ) -> None:
        @app.get("/weird")
        def weird() -> str:
            session[KEY] = value
            return "set"

        visitor.log_in()
        visitor.get("/weird")
        assert visitor.user() is None
        assert visitor.log_in().location == "/"
        assert visitor.user()["email"] == ADA
