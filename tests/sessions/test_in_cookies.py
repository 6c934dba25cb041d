"""The contract of a session, in cookies."""

from __future__ import annotations

import html
import typing as t

import pytest
from flask import Flask, stream_with_context

from flask_auth0 import Auth0, Auth0Error
from flask_auth0.tenant import TenantServer
from tests.contracts.server_sessions import auth0_of
from tests.contracts.sessions import SessionContract
from tests.contracts.stores import TransactionContract
from tests.harness.clock import Clock
from tests.harness.visitor import ADA, GRACE, HOST, MakeApp, MakeVisitor, Visitor


class TestCookies(TransactionContract, SessionContract):
    @pytest.fixture
    def settings(self) -> dict[str, t.Any]:
        return {"AUTH0_RESPONSE_HEADER_LIMIT": 16384}

    def check_after_logout(self, visitor: Visitor, kept: dict[str, str]) -> None:
        """Without a server, whoever kept the cookies has the session."""
        assert list(visitor.cookies()) == ["session_a0_ended"]

    @pytest.mark.parametrize("loss", ["head0", "body0"])
    def test_a_missing_piece_is_no_session(self, visitor: Visitor, loss: str) -> None:
        visitor.log_in()
        visitor.client.delete_cookie(f"session_a0_{loss}", domain="localhost")
        assert visitor.fetch("/whole-or-nothing").status_code == 404
        assert visitor.user() is None

    @pytest.mark.parametrize(
        "value",
        ["", "01.", "xx.A", "99.A", "01.ä", "-1.A", "00.A", "²1.A", "01." + "A" * 99],
    )
    def test_hostile_pieces(self, visitor: Visitor, value: str) -> None:
        visitor.log_in()
        visitor.set_cookie("session_a0_head0", value)
        assert visitor.user() is None
        assert visitor.get("/profile").status_code == 302

    def test_the_cookies_of_two_users_do_not_mix(
        self, app: Flask, make_visitor: MakeVisitor
    ) -> None:
        ada, grace = make_visitor(app), make_visitor(app)
        ada.log_in(ADA)
        grace.log_in(GRACE)
        ada.set_cookie("session_a0_head0", grace.cookies()["session_a0_head0"])
        assert ada.user() is None

    def test_a_large_session_is_split_and_shrinks_without_a_trace(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        tenant.tenant.access_token_padding = 3600
        visitor.log_in(path="/login")
        tenant.tenant.access_token_padding = 0
        small = len(visitor.cookies())
        assert visitor.user() is not None
        visitor.log_in()
        assert len(visitor.cookies()) <= small
        for name, value in visitor.cookies().items():
            assert len(name) + len(value) <= 4096

    def test_one_that_is_too_large_is_refused(
        self, visitor: Visitor, tenant: TenantServer
    ) -> None:
        import secrets

        visitor.log_in()
        tenant.tenant.extra_claims["roles"] = secrets.token_urlsafe(9000)
        visitor.app.debug = True
        response = visitor.log_in(GRACE)
        assert response.status_code == 431
        assert "session_too_large" in response.text
        assert "bytes" in response.text
        assert "SESSION_TYPE" in response.text
        # Nothing was lost.
        assert visitor.user()["email"] == ADA

    def test_a_session_is_not_locked_out_by_other_cookies(
        self, visitor: Visitor, clock: Clock
    ) -> None:
        visitor.log_in()
        visitor.set_cookie("one", "x" * 3900)
        visitor.set_cookie("two", "x" * 3900)
        clock.offset = 86400 / 2
        assert visitor.user()["email"] == ADA
        assert visitor.get("/logout").status_code == 302
        assert visitor.user() is None

    def test_a_stream_cannot_lose_a_refreshed_token(
        self, make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        app = make_app(scope="openid offline_access")
        visitor = make_visitor(app)

        @app.get("/stream")
        def stream() -> t.Any:
            def parts() -> t.Iterator[str]:
                with pytest.raises(Auth0Error, match="streamed"):
                    auth0_of(app).get_access_token()
                yield "told"

            return app.response_class(stream_with_context(parts()))

        lifetimes = tenant.tenant.lifetimes
        before, lifetimes.access_token = lifetimes.access_token, 0
        try:
            visitor.log_in()
            requests = len(tenant.tenant.token_requests)
            assert visitor.get("/stream").text == "told"
            assert len(tenant.tenant.token_requests) == requests
        finally:
            lifetimes.access_token = before

    def test_abandoned_logins_stay_few(self, visitor: Visitor) -> None:
        visitor.log_in()
        for number in range(100):
            visitor.get(f"/login?next=/{'x' * number * 20}")
        names = [name for name in visitor.cookies() if "_tx_" in name]
        assert 1 <= len(names) <= 4
        total = sum(len(n) + len(v) for n, v in visitor.cookies().items())
        assert total < 8000
        assert visitor.user()["email"] == ADA

    def test_flags(self, make_app: MakeApp, make_visitor: MakeVisitor) -> None:
        app = make_app(cookie_path="/", cookie_same_site="Lax", cookie_secure=True)
        visitor = make_visitor(app)
        login = visitor.get("/login")
        callback = visitor.get(visitor.authorize(login))
        for response in [login, callback]:
            for cookie in response.headers.getlist("Set-Cookie"):
                assert "HttpOnly" in cookie
                assert "Secure" in cookie
                assert "SameSite=Lax" in cookie
                assert "Path=/" in cookie

    def test_transient_cookies(
        self, make_app: MakeApp, make_visitor: MakeVisitor
    ) -> None:
        visitor = make_visitor(make_app(cookie_transient=True))
        response = visitor.log_in()
        for cookie in response.headers.getlist("Set-Cookie"):
            name, _, rest = cookie.partition("=")
            if name == "session" or "head" in name or "body" in name:
                assert "Max-Age" not in rest
                assert "Expires" not in rest
        assert visitor.user()["email"] == ADA

    def test_strict_cookies_arrive_after_a_page_in_between(
        self, make_app: MakeApp, make_visitor: MakeVisitor
    ) -> None:
        app = make_app({"SESSION_COOKIE_SAMESITE": "strict"})
        self.add_views(app)
        visitor = make_visitor(app)
        visitor.get("/put/cart/book")
        login = visitor.get("/login")
        assert "SameSite=Lax" in login.headers["Set-Cookie"]
        callback = visitor.authorize(login).removeprefix(HOST)
        session_cookie = visitor.cookies()["session"]
        visitor.client.delete_cookie("session", domain="localhost")
        page = visitor.get(callback, headers={"Sec-Fetch-Site": "cross-site"})
        assert page.status_code == 200
        assert html.escape(callback) in page.text
        visitor.set_cookie("session", session_cookie)
        visitor.get(callback, headers={"Sec-Fetch-Site": "same-origin"})
        assert visitor.user()["email"] == ADA
        assert visitor.get("/session").get_json() == {"cart": "book"}

    def test_below_a_prefix_the_page_in_between_leads_there(
        self, make_app: MakeApp
    ) -> None:
        client = make_app(cookie_same_site="strict").test_client()
        page = client.get(
            "/callback?state=x&code=y",
            base_url=f"{HOST}/mounted",
            headers={"Sec-Fetch-Site": "cross-site"},
        )
        assert "url=/mounted/callback?state=x" in page.text

    def test_a_refresh_token_survives_a_session_that_grows_too_large(
        self, make_app: MakeApp, make_visitor: MakeVisitor, tenant: TenantServer
    ) -> None:
        app = make_app(scope="openid offline_access")
        auth0 = Auth0()

        @app.get("/token/<name>")
        def token(name: str) -> str:
            return auth0.get_access_token(audience=f"https://{name}.example.com")

        visitor = make_visitor(app)
        visitor.log_in()
        tenant.tenant.access_token_padding = 1500
        for name in ["one", "two", "three", "four", "one", "two"]:
            assert visitor.get(f"/token/{name}").status_code == 200
            assert visitor.user() is not None

    def test_strict_cookies(self, make_app: MakeApp, make_visitor: MakeVisitor) -> None:
        """A browser sends them only from a page of the app: one is in between."""
        visitor = make_visitor(make_app(cookie_same_site="strict"))
        login = visitor.get("/login?next=/profile")
        assert "SameSite=Lax" in login.headers["Set-Cookie"]
        response = visitor.get(visitor.authorize(login))
        assert response.status_code == 200
        assert 'content="0; url=/profile"' in response.text
        assert visitor.get("/profile").text == "Hello Ada Lovelace"

    @pytest.mark.parametrize(
        ("url", "secure"),
        [
            ("http://localhost", False),
            ("http://127.0.0.1:5000", False),
            ("https://localhost", True),
            ("http://app.example.com", True),
        ],
    )
    def test_each_request_decides_about_secure(
        self, app: Flask, url: str, secure: bool
    ) -> None:
        client = app.test_client()
        for path in ["/put/a/b", "/login"]:
            cookies = client.get(path, base_url=url).headers.getlist("Set-Cookie")
            assert cookies
            assert [("Secure" in cookie) for cookie in cookies] == [secure] * len(
                cookies
            )
