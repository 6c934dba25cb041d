"""The contract of the state stores on the page about stores."""

from __future__ import annotations

import functools
import secrets
import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.app_state import state_of
from flask_auth0.client.dispatch import store_options
from flask_auth0.runtime.request import current_request
from flask_auth0.sessions.storage_contract import KEY
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import logged_in_client
from tests.contracts.stores import StoreContract, TransactionContract
from tests.harness.logout_tokens import make_token, post, sid_of, sub_of
from tests.harness.visitor import ADA, GRACE, HOST, MakeApp, MakeVisitor, Visitor

State = dict[str, t.Any]


class OwnStoreContract(TransactionContract, StoreContract):
    """The contract of the stores on the page."""

    LIFETIME = 3 * 86400

    @pytest.fixture
    def settings(self) -> State:
        return {}

    @pytest.fixture
    def state_store(self) -> t.Any:
        raise NotImplementedError

    @pytest.fixture
    def make_app(self, make_own_app: MakeApp, state_store: t.Any) -> MakeApp:
        return functools.partial(make_own_app, state_store=state_store)

    def test_flags(self, visitor: Visitor) -> None:
        login = visitor.get("/login")
        callback = visitor.get(visitor.authorize(login))
        logout = visitor.get("/logout")
        for response in [login, callback, logout]:
            cookies = response.headers.getlist("Set-Cookie")
            ours = [cookie for cookie in cookies if cookie.startswith("my_")]
            assert ours
            for cookie in ours:
                assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))

    def test_a_logged_in_client(self, app: Flask) -> None:
        client = logged_in_client(app, name="Eve")
        assert client.get("/profile").text == "Hello Eve"

    def test_abandoned_logins_stay_few(self, visitor: Visitor) -> None:
        for _ in range(10):
            last = visitor.get("/login?next=/profile")
        assert len(visitor.cookies()) == 4
        assert visitor.get(visitor.authorize(last)).location == "/profile"


class StatefulContract(OwnStoreContract):
    """The further contract of stores with the state on a server."""

    #: A URL where there is none, and where the store keeps its connections.
    NOWHERE: t.ClassVar[str]
    POOLS: t.ClassVar[str]
    store: t.Any

    def contents(self) -> list[str]:
        """All that the server keeps, its keys included."""
        raise NotImplementedError

    def test_only_an_id_is_in_the_browser(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(30000)
        visitor.log_in()
        visitor.user()
        assert len(visitor.cookies()["my_session"]) == 43
        assert visitor.user()["email"] == ADA

    def test_the_id_changes_with_every_login(self, visitor: Visitor) -> None:
        seen = []
        for _ in range(3):
            visitor.log_in()
            seen.append(visitor.cookies()["my_session"])
        assert len(set(seen)) == 3
        for old in seen[:-1]:
            visitor.set_cookie("my_session", old)
            assert visitor.user() is None

    def test_nobody_can_choose_an_id(self, visitor: Visitor) -> None:
        visitor.set_cookie("my_session", "chosen")
        visitor.log_in()
        assert visitor.cookies()["my_session"] != "chosen"

    def test_the_server_learns_nothing(self, visitor: Visitor) -> None:
        visitor.log_in()
        sub = visitor.user()["sub"]
        kept = "".join(self.contents())
        assert kept
        for secret in [visitor.cookies()["my_session"], "Lovelace", ADA, sub]:
            assert secret not in kept

    def test_a_refused_login_leaves_nothing(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        tenant.tenant.extra_claims["nonce"] = "of-another-login"
        visitor.log_in()
        assert not self.live()

    def test_a_refresh_that_ends_after_the_logout_writes_nothing(
        self, app: Flask, visitor: Visitor
    ) -> None:
        visitor.log_in()
        cookie = f"my_session={visitor.cookies()['my_session']}"
        store, auth0 = state_of(app).state_store, Auth0()
        with app.test_request_context(base_url=HOST, headers={"Cookie": cookie}):
            options = store_options(current_request())
            found = auth0.run(store.get(KEY, options))
            assert found is not None
            visitor.get("/logout")
            auth0.run(store.set(KEY, found, options=options))
        assert not self.live()

    def test_a_logout_token_with_a_sid_ends_one_session(
        self, app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        here, there, grace = self.three(app, make_visitor)
        token = make_token(tenant.tenant, sid=sid_of(here), sub=sub_of(here))
        assert post(grace, token).status_code == 200
        assert here.user() is None
        assert there.user()["email"] == ADA
        assert grace.user()["email"] == GRACE

    def test_a_logout_token_with_a_sub_ends_all_of_a_users_sessions(
        self, app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        here, there, grace = self.three(app, make_visitor)
        token = make_token(tenant.tenant, sub=sub_of(here))
        assert post(grace, token).status_code == 200
        assert (here.user(), there.user()) == (None, None)
        assert grace.user()["email"] == GRACE

    @pytest.mark.parametrize("claims", [{}, {"sid": "x"}, {"sub": "x"}], ids=str)
    def test_claims_of_nobody_end_nothing(
        self, app: Flask, visitor: Visitor, claims: State
    ) -> None:
        visitor.log_in()
        store = state_of(app).state_store
        with app.test_request_context(base_url=HOST):
            Auth0().run(store.delete_by_logout_token(claims))
        assert visitor.user()["email"] == ADA

    def test_an_outage_is_told_and_passes(
        self, app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        visitor.log_in()
        with monkeypatch.context() as patched:
            self.cut(patched)
            for path in ["/user", "/profile", "/logout"]:
                answer = visitor.fetch(path)
                assert answer.status_code == 503
                assert answer.get_json()["error"] == "session_store_unavailable"
        assert visitor.user()["email"] == ADA

    def cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the store look for a server where there is none."""
        monkeypatch.setattr(self.store, "url", self.NOWHERE)
        monkeypatch.setattr(self.store, self.POOLS, {})

    def live(self) -> list[str]:
        """The names of the states that are kept."""
        raise NotImplementedError

    @staticmethod
    def three(app: Flask, make_visitor: MakeVisitor) -> list[Visitor]:
        """Ada on two devices, and Grace."""
        visitors = [make_visitor(app) for _ in range(3)]
        for visitor, person in zip(visitors, [ADA, ADA, GRACE], strict=True):
            visitor.log_in(person)
        return visitors
