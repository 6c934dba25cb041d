"""The contract of stores, ours and an app's own, of sessions and of logins."""

from __future__ import annotations

import time
import typing as t

import pytest
from flask import Flask, session

from flask_auth0 import Auth0, current_user
from flask_auth0.sessions.storage_contract import KEY
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import ADA, GRACE, MakeApp, MakeVisitor, Visitor

if t.TYPE_CHECKING:
    from tests.harness.clock import Clock

OFFLINE = "openid profile email offline_access"


class AppContract:
    """An app, which contracts of its sessions are about."""

    @pytest.fixture
    def settings(self) -> dict[str, t.Any]:
        """The configuration that puts sessions there."""
        raise NotImplementedError

    @pytest.fixture
    def app(self, make_app: MakeApp, settings: dict[str, t.Any]) -> Flask:
        app = make_app(settings)
        self.add_views(app)
        return app

    @staticmethod
    def add_views(app: Flask) -> None:
        @app.get("/put/<name>/<value>")
        def put(name: str, value: str) -> str:
            session[name] = value
            return "kept"

        @app.get("/session")
        def show() -> t.Any:
            return {name: value for name, value in session.items() if name[0] != "_"}

        @app.get("/clear")
        def clear() -> str:
            session.clear()
            return "cleared"


class StoreContract(AppContract):
    """The contract of every state store, an app's own one included."""

    #: Seconds without activity, or since the login, after which a session has ended.
    LIFETIME = 86400

    def test_it_lasts(self, visitor: Visitor) -> None:
        visitor.log_in()
        assert [visitor.user()["email"] for _ in range(3)] == [ADA] * 3

    def test_two_visitors_are_two_users(
        self, app: Flask, make_visitor: MakeVisitor
    ) -> None:
        ada, grace = make_visitor(app), make_visitor(app)
        ada.log_in(ADA)
        grace.log_in(GRACE)
        assert (ada.user()["email"], grace.user()["email"]) == (ADA, GRACE)

    def test_logging_out_ends_it(self, visitor: Visitor) -> None:
        visitor.log_in()
        kept = visitor.cookies()
        visitor.get("/logout")
        assert visitor.user() is None
        # In cookie mode, one says for some minutes what has ended.
        left = [name for name in visitor.cookies() if "_a0_" in name]
        assert left in ([], ["session_a0_ended"])
        self.check_after_logout(visitor, kept)

    def check_after_logout(self, visitor: Visitor, kept: dict[str, str]) -> None:
        """On the server, nothing revives it: not even the old cookies."""
        for name, value in kept.items():
            visitor.set_cookie(name, value)
        assert visitor.user() is None

    def test_an_anonymous_visitors_data_survives_a_login(
        self, visitor: Visitor
    ) -> None:
        visitor.get("/put/cart/book")
        visitor.log_in()
        assert visitor.get("/session").get_json() == {"cart": "book"}

    def test_another_users_data_does_not(self, visitor: Visitor) -> None:
        visitor.log_in(ADA)
        visitor.get("/put/cart/book")
        visitor.log_in(GRACE)
        assert visitor.user()["email"] == GRACE
        assert visitor.get("/session").get_json() == {}

    def test_nor_after_a_login_that_was_refused(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        visitor.log_in(ADA)
        visitor.get("/put/cart/book")
        tenant.tenant.extra_claims["nonce"] = "of-another-login"
        assert visitor.log_in(ADA).status_code == 502
        tenant.tenant.extra_claims.clear()
        visitor.log_in(GRACE)
        assert visitor.get("/session").get_json() == {}

    def test_the_same_users_data_survives(self, visitor: Visitor) -> None:
        visitor.log_in(ADA)
        visitor.get("/put/cart/book")
        visitor.log_in(ADA)
        assert visitor.get("/session").get_json() == {"cart": "book"}

    def test_logging_out_takes_the_data_along(self, visitor: Visitor) -> None:
        visitor.log_in(ADA)
        visitor.get("/put/cart/book")
        visitor.get("/logout")
        assert visitor.get("/session").get_json() == {}

    def test_the_identity_providers_limit_holds(
        self, visitor: Visitor, tenant: TenantServer, clock: Clock
    ) -> None:
        tenant.tenant.extra_claims["session_expiry"] = int(time.time()) + 600
        visitor.log_in()
        assert visitor.user() is not None
        clock.offset = 600 - 20
        assert visitor.user() is None

    def test_a_copied_session_dies_too(
        self, app: Flask, make_visitor: MakeVisitor, clock: Clock
    ) -> None:
        visitor, thief = make_visitor(app), make_visitor(app)
        visitor.log_in()
        for name, value in visitor.cookies().items():
            thief.set_cookie(name, value)
        assert thief.user()["email"] == ADA
        clock.offset = self.LIFETIME + 1
        assert thief.user() is None

    def test_all_of_the_session_is_there(self, app: Flask, visitor: Visitor) -> None:
        @app.get("/whole")
        def whole() -> t.Any:
            found = Auth0().get_session()
            assert found is not None
            return found

        visitor.log_in()
        found = visitor.get("/whole").get_json()
        assert found["user"]["email"] == ADA
        assert found["id_token"].count(".") == 2
        assert len(found["token_sets"]) == 1
        assert "internal" not in found
        assert KEY not in found

    def test_what_a_view_does_to_the_claims_is_not_kept(
        self, app: Flask, visitor: Visitor, tenant: TenantServer
    ) -> None:
        @app.get("/promote")
        async def promote() -> str:
            current_user["roles"].append("admin")
            found = await app.extensions["auth0"].client.get_user()
            found["roles"].append("admin")
            return str(current_user["roles"])

        tenant.tenant.extra_claims["roles"] = ["user"]
        visitor.log_in()
        assert visitor.get("/promote").text == "['user']"

    def test_the_user_is_found_in_every_kind_of_view(
        self, app: Flask, visitor: Visitor
    ) -> None:
        auth0 = Auth0()

        @app.get("/async")
        async def asynchronous() -> t.Any:
            found = await auth0.client.get_user()
            assert (found or {}).get("email") == current_user.get("email")
            return current_user.get("email", "nobody")

        @app.get("/sync")
        def sync() -> t.Any:
            found = auth0.get_user()
            assert (found or {}).get("email") == current_user.get("email")
            return current_user.get("email", "nobody")

        for person in ["nobody", ADA, "nobody", GRACE]:
            visitor.get("/logout") if person == "nobody" else visitor.log_in(person)
            for path in ["/sync", "/async", "/async", "/sync"]:
                assert visitor.get(path).text == person

    def test_a_login_that_was_refused_leaves_nobody(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        tenant.tenant.extra_claims["nonce"] = "of-another-login"
        assert visitor.log_in().status_code == 502
        assert visitor.user() is None

    def test_rubbish_in_a_cookie_is_no_error(self, visitor: Visitor) -> None:
        visitor.log_in()
        for name, value in visitor.cookies().items():
            for rubbish in ["", "x", "a.b.c.d.e", "ä", value[:-2], value[::-1]]:
                visitor.set_cookie(name, rubbish)
                assert visitor.fetch("/user").status_code == 200
            visitor.set_cookie(name, value)
        assert visitor.user()["email"] == ADA

    def test_a_request_refreshes_once(
        self,
        make_app: MakeApp,
        make_visitor: MakeVisitor,
        settings: dict[str, t.Any],
        tenant: TenantServer,
    ) -> None:
        app = make_app(settings, scope=OFFLINE)
        auth0 = Auth0()

        @app.get("/tokens")
        def tokens() -> t.Any:
            return [auth0.get_access_token() for _ in range(3)]

        visitor = make_visitor(app)
        lifetimes = tenant.tenant.lifetimes
        before, lifetimes.access_token = lifetimes.access_token, 0
        visitor.log_in()
        lifetimes.access_token = before
        requests = len(tenant.tenant.token_requests)
        found = visitor.get("/tokens").get_json() + visitor.get("/tokens").get_json()
        assert len(set(found)) == 1
        assert len(tenant.tenant.token_requests) == requests + 1
        assert visitor.user()["email"] == ADA


class TransactionContract:
    """The contract of every transaction store."""

    def test_it_leads_to_where_the_visitor_wanted_to_go(self, visitor: Visitor) -> None:
        answer = visitor.log_in(path="/login?next=/profile?tab=1")
        assert answer.location == "/profile?tab=1"

    def test_two_tabs(self, visitor: Visitor) -> None:
        first = visitor.authorize(visitor.get("/login?next=/first"))
        second = visitor.authorize(visitor.get("/login?next=/second"))
        assert visitor.get(first).location == "/first"
        assert visitor.get(second).location == "/second"

    def test_a_transaction_is_short_lived(self, visitor: Visitor, clock: Clock) -> None:
        callback = visitor.authorize(visitor.get("/login"))
        clock.offset = 3601
        assert "/authorize" in visitor.get(callback).location
        assert visitor.user() is None

    def test_it_ends_with_the_callback(self, visitor: Visitor) -> None:
        callback = visitor.authorize(visitor.get("/login"))
        visitor.get(callback)
        visitor.get("/logout")
        assert "/authorize" in visitor.get(callback).location
        assert visitor.user() is None

    @pytest.mark.parametrize("rubbish", ["", "x", "a.b.c.d.e", "ä"])
    def test_rubbish_in_its_cookie_is_no_login(
        self, visitor: Visitor, rubbish: str
    ) -> None:
        callback = visitor.authorize(visitor.get("/login"))
        (name,) = visitor.cookies()
        visitor.set_cookie(name, rubbish)
        assert "/authorize" in visitor.get(callback).location
        assert visitor.user() is None
