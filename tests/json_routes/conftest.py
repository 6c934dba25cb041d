"""An app that lets its scripts ask for everything, and a page of it that does."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, session
from werkzeug.test import TestResponse

from flask_auth0 import Auth0
from flask_auth0.tenant import Tenant, TenantServer
from tests.harness.visitor import ADA, HOST, MakeApp, Visitor

API, PAYMENTS = "https://api.example.com", "https://payments.example.com"
OFFLINE = "openid profile email offline_access"
SUB, OTHER_SUB = "auth0|ada", "auth0|grace"
#: What Chromium sends with the requests of a script to its own origin.
SCRIPT = {
    "Accept": "*/*",
    "Origin": HOST,
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
}
PATHS: dict[str, t.Any] = {
    "profile_path": "/me",
    "access_token_path": "/access-token",
    "access_token_audiences": [API, PAYMENTS],
    "passwordless_path": "/passwordless",
    "mfa_path": "/mfa",
    "connect_path": "/connect",
}


class Page(Visitor):
    """Somebody's browser with a page of the app, whose script sends JSON."""

    def post(self, path: str, **members: t.Any) -> TestResponse:
        """Send members, and return the answer whatever it is."""
        return self.send(path, SCRIPT, json=members)

    def send(
        self, path: str, headers: dict[str, str], **content: t.Any
    ) -> TestResponse:
        """Send content with the headers of who knows whom."""
        return self.client.post(path, base_url=HOST, headers=headers, **content)

    def ask(self, path: str, **options: t.Any) -> TestResponse:
        """Ask for JSON as a script of the page."""
        return self.client.get(path, base_url=HOST, headers=SCRIPT, **options)

    def told(self, path: str, **members: t.Any) -> t.Any:
        """What a request is answered with, if all is well."""
        answer = self.post(path, **members)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def code(self, email: str = ADA) -> str:
        """Let the tenant send a code, and return it."""
        sent = self.post("/passwordless/start", connection="email", email=email)
        assert (sent.status_code, sent.text) == (204, "")
        return str(self.tenant.tenant.inbox.messages(email)[-1].code)

    def enter(self, email: str = ADA, **members: t.Any) -> TestResponse:
        """Log in with a code, as far as that goes."""
        given = {"connection": "email", "email": email, **members}
        if "verificationCode" not in given:
            given["verificationCode"] = self.code(email)
        return self.post("/passwordless/verify", **given)

    def mfa_token(self, email: str = ADA) -> str:
        """What a login with a code is answered with that needs a second factor."""
        answer = self.enter(email)
        told = answer.get_json()
        assert (answer.status_code, told["error"]) == (401, "mfa_required")
        return str(told["mfa_token"])

    def sub(self) -> t.Any:
        """Who is logged in, as the app says."""
        return (self.user() or {}).get("sub")


@pytest.fixture
def mode() -> str:
    """Where the sessions are: in cookies, unless a test is about that."""
    return "cookies"


@pytest.fixture
def app(make_app: MakeApp, mode: str, request: pytest.FixtureRequest) -> Flask:
    config: dict[str, t.Any] = {"AUTH0_RESPONSE_HEADER_LIMIT": 16384}
    if mode == "redis":
        config |= request.getfixturevalue("redis_settings")
    app = make_app(config, scope=OFFLINE, audience=API, **PATHS)

    @app.get("/put")
    def put() -> str:
        session["cart"] = "book"
        return "put"

    @app.get("/session")
    def kept() -> t.Any:
        return {**(Auth0().get_session() or {}), "cart": session.get("cart")}

    return app


@pytest.fixture
def page(app: Flask, tenant: TenantServer, issuer: Tenant) -> t.Iterator[Page]:
    page = Page(app, tenant)
    yield page
    page.http.close()


def refusal(answer: TestResponse) -> tuple[int, str]:
    """The status and the code of an answer in JSON, which nobody may keep."""
    assert answer.cache_control.no_store
    assert "Access-Control-Allow-Origin" not in answer.headers
    return answer.status_code, answer.get_json()["error"]
