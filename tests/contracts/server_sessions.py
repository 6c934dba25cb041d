"""The contracts of sessions that a server keeps, and of each back end that does."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from flask import Flask, session

from flask_auth0 import Auth0, current_user
from flask_auth0.sessions.storage_contract import KEY
from flask_auth0.tenant import TenantServer
from tests.contracts.sessions import SessionContract
from tests.contracts.stores import AppContract, StoreContract
from tests.harness.clock import Clock
from tests.harness.logout_tokens import make_token, post, sid_of, sub_of
from tests.harness.visitor import ADA, GRACE, HOST, MakeVisitor, Visitor

JSON = {"Content-Type": "application/json"}


class RecordContract(AppContract):
    """The contract of what each back end keeps, finds and ends.

    It is short, as it is tried on all of them. What an app makes of that is the same on
    each, and in :class:`ServerContract`.
    """

    def test_only_an_id_is_in_the_browser(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        import secrets

        tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(30000)
        visitor.log_in()
        visitor.user()
        assert list(visitor.cookies()) == ["session"]
        assert len(visitor.cookies()["session"]) < 100
        assert visitor.user()["email"] == ADA

    def test_the_id_changes_at_login(self, app: Flask, visitor: Visitor) -> None:
        visitor.get("/put/cart/book")
        before = visitor.cookies()["session"]
        visitor.log_in()
        after = visitor.cookies()["session"]
        assert after != before
        fixed = Visitor(app, visitor.tenant)
        fixed.set_cookie("session", before)
        assert fixed.user() is None
        assert fixed.get("/session").get_json() == {}
        fixed.http.close()

    def test_a_write_that_began_before_the_logout_revives_nothing(
        self, app: Flask, visitor: Visitor
    ) -> None:
        other = app.test_client()

        @app.get("/slow")
        def slow() -> str:
            session["late"] = "write"
            other.get("/logout", base_url=HOST)
            return "written"

        visitor.log_in()
        visitor.user()
        other.set_cookie("session", visitor.cookies()["session"], domain="localhost")
        visitor.get("/slow")
        assert visitor.user() is None

    def test_a_refresh_that_ends_after_the_logout_writes_nothing(
        self, app: Flask, visitor: Visitor
    ) -> None:
        visitor.log_in()
        cookie = visitor.cookies()["session"]
        with app.test_request_context(
            base_url=HOST, headers={"Cookie": f"session={cookie}"}
        ):
            auth0 = auth0_of(app)
            found = auth0.run(app.extensions["auth0"].state_store.get(KEY))
            assert found is not None
            visitor.get("/logout")
            auth0.run(app.extensions["auth0"].state_store.set(KEY, found))
            assert auth0.get_user() is None
        visitor.set_cookie("session", cookie)
        assert visitor.user() is None

    def test_a_logout_token_with_a_sid_ends_one_session(
        self, app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        here, there, grace = (make_visitor(app) for _ in range(3))
        here.log_in()
        there.log_in()
        grace.log_in(GRACE)
        cookie = here.cookies()["session"]
        token = make_token(tenant.tenant, sid=sid_of(here), sub=sub_of(here))
        assert post(here, token).status_code == 200
        assert here.user() is None
        here.set_cookie("session", cookie)
        assert here.user() is None
        assert there.user()["email"] == ADA
        assert (
            post(here, make_token(tenant.tenant, sid=sid_of(there))).status_code == 200
        )
        assert there.user() is None
        assert grace.user()["email"] == GRACE

    def test_a_logout_token_with_a_sub_ends_all_of_a_users_sessions(
        self, app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        visitors = [make_visitor(app) for _ in range(3)]
        grace = make_visitor(app)
        for visitor in visitors:
            visitor.log_in()
        grace.log_in(GRACE)
        token = make_token(tenant.tenant, sub=sub_of(visitors[0]))
        assert post(grace, token).status_code == 200
        assert [visitor.user() for visitor in visitors] == [None] * 3
        assert grace.user()["email"] == GRACE
        assert post(grace, token).status_code == 400
        visitors[0].log_in()
        assert visitors[0].user()["email"] == ADA

    def test_a_user_sees_their_sessions_and_ends_them(
        self, app: Flask, make_visitor: MakeVisitor, clock: Clock
    ) -> None:
        add_session_views(app)
        here, there, grace = (make_visitor(app) for _ in range(3))
        there.log_in()
        clock.offset = 2000
        assert there.user() is not None
        here.log_in()
        grace.log_in(GRACE)
        listed = here.fetch("/sessions").get_json()
        assert [each["last_seen"] for each in listed] == sorted(
            (each["last_seen"] for each in listed), reverse=True
        )
        other, mine = sorted(listed, key=lambda each: bool(each["is_current"]))
        assert [other["is_current"], mine["is_current"]] == [False, True]
        assert other["created"] < other["last_seen"]
        assert {each["address"] for each in listed} == {"127.0.0.1"}
        assert all(each["user_agent"].startswith("Werkzeug/") for each in listed)
        (only,) = grace.fetch("/sessions").get_json()
        assert here.fetch(f"/end/{only['id']}").get_json() is False
        assert here.fetch(f"/end/{other['id']}").get_json() is True
        assert here.fetch(f"/end/{other['id']}").get_json() is False
        assert there.user() is None
        assert here.user()["email"] == ADA
        assert here.fetch(f"/end/{mine['id']}").get_json() is True
        assert here.user() is None
        assert grace.user()["email"] == GRACE

    def test_all_sessions_but_this_one(
        self, app: Flask, make_visitor: MakeVisitor
    ) -> None:
        add_session_views(app)
        visitors = [make_visitor(app) for _ in range(3)]
        for visitor in visitors:
            visitor.log_in()
        assert visitors[0].fetch("/end-others").get_json() == 2
        assert [bool(visitor.user()) for visitor in visitors] == [True, False, False]
        visitors[1].log_in()
        assert visitors[0].fetch("/end-all").get_json() == 2
        assert [bool(visitor.user()) for visitor in visitors] == [False] * 3

    def test_a_weird_id_ends_nothing(self, app: Flask, visitor: Visitor) -> None:
        visitor.log_in()
        with app.test_request_context():
            for id in ["", "x", "../..", "ä" * 24, "a" * 999, "\0" * 24, "*", "a" * 24]:
                assert Auth0().sessions.revoke(id) is False
        assert visitor.user()["email"] == ADA

    def test_nothing_but_the_empty_session_is_left_of_logouts(
        self, app: Flask, visitor: Visitor
    ) -> None:
        for _ in range(3):
            visitor.log_in()
            visitor.log_in()
            visitor.get("/logout")
        with app.test_request_context():
            records = app.extensions["auth0"].state_store.places.of(app).records
            labels = app.extensions["auth0"].state_store.states.labels
            label = labels.of_user("auth0|ada", labels.domain)
            assert records.labelled(label) == []

    # One that notes activity, and one that writes new tokens under a lock.
    test_inactivity_ends_it = SessionContract.test_inactivity_ends_it
    test_a_request_refreshes_once = StoreContract.test_a_request_refreshes_once


class ServerContract(RecordContract, SessionContract):
    """The contract of sessions with the state on the server."""

    def test_it_changes_with_every_login(self, visitor: Visitor) -> None:
        seen = set()
        for _ in range(3):
            visitor.log_in()
            seen.add(visitor.cookies()["session"])
        assert len(seen) == 3

    def test_a_flood_of_logins_writes_nothing(self, visitor: Visitor) -> None:
        before = self.keys()
        for _ in range(20):
            visitor.client = visitor.app.test_client()
            visitor.get("/login")
            assert "session" not in visitor.cookies()
        assert self.keys() <= before

    def keys(self) -> int:
        """How many things are stored."""
        raise NotImplementedError


def add_session_views(app: Flask) -> None:
    """Add pages on which users see their sessions."""
    auth0 = Auth0()

    @app.get("/sessions")
    def sessions() -> t.Any:
        found = auth0.sessions.of(str(current_user.sub))
        return [
            {
                **dataclasses.asdict(each),
                "created": each.created.timestamp(),
                "last_seen": each.last_seen.timestamp(),
            }
            for each in found
        ]

    @app.get("/end/<id>")
    def end(id: str) -> t.Any:
        return json.dumps(auth0.sessions.revoke(id, sub=current_user.sub)), JSON

    @app.get("/end-others")
    def end_others() -> t.Any:
        sub = str(current_user.sub)
        return json.dumps(auth0.sessions.revoke_all(sub, except_current=True)), JSON

    @app.get("/end-all")
    def end_all() -> t.Any:
        return json.dumps(auth0.sessions.revoke_all(str(current_user.sub))), JSON


def auth0_of(app: Flask) -> Auth0:
    """An extension object; any one will do for calls within the app's context."""
    return Auth0()
