"""A script logs somebody in with a code, which is a login like any other."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0Error, login_failed, user_logged_in
from flask_auth0.tenant import Tenant
from tests.harness.visitor import GRACE

from .conftest import API, OTHER_SUB, SUB, Page, refusal


@pytest.fixture
def told(app: Flask) -> t.Iterator[list[t.Any]]:
    """What the app was told of logins."""
    found: list[t.Any] = []

    def logged_in(sender: t.Any, user: t.Any) -> None:
        found.append(user["sub"])

    def failed(sender: t.Any, error: Auth0Error) -> None:
        found.append(error.error)

    both = user_logged_in.connected_to(logged_in, app)
    with both, login_failed.connected_to(failed, app):
        yield found


@pytest.mark.parametrize("mode", ["cookies", "redis"])
def test_a_code_logs_in(page: Page, told: list[t.Any]) -> None:
    page.get("/put")
    before = page.cookies()
    answer = page.enter(next="/profile")
    assert answer.get_json() == {"success": True, "next": "/profile"}
    assert told == [page.sub()] == [SUB]
    session = page.ask("/session").get_json()
    # The visitor's own data survives, under a new id.
    assert session["cart"] == "book"
    assert page.cookies()["session"] != before["session"]
    # It has the tokens of a login over the tenant.
    assert session["refresh_token"]
    assert [each["audience"] for each in session["token_sets"]] == [API]


@pytest.mark.parametrize("mode", ["cookies", "redis"])
def test_nobody_goes_on_as_somebody_else(page: Page, told: list[t.Any]) -> None:
    page.log_in(GRACE)
    page.get("/put")
    before = page.ask("/session").get_json()
    assert page.sub() == OTHER_SUB
    assert page.enter().status_code == 200
    assert page.sub() == SUB
    after = page.ask("/session").get_json()
    assert after["cart"] is None
    assert after["refresh_token"] != before["refresh_token"]
    assert told == [OTHER_SUB, SUB]


def test_a_code_by_sms(page: Page) -> None:
    number: t.Any = {"connection": "sms", "phoneNumber": "+14155550123"}
    assert page.post("/passwordless/start", **number).status_code == 204
    code = page.tenant.tenant.inbox.messages("+14155550123")[-1].code
    page.told("/passwordless/verify", **number, verificationCode=code)
    assert page.sub()


def test_a_link_leads_to_the_callback_and_on(page: Page) -> None:
    link: t.Any = {"connection": "email", "email": "ada@example.com", "send": "link"}
    page.post("/passwordless/start", **link, language="fr", next="/profile")
    url = page.tenant.tenant.inbox.messages("ada@example.com")[-1].link
    answer = page.http.get(str(url), follow_redirects=False)
    answer = page.http.get(answer.url.join(answer.headers["Location"]))
    assert page.get(answer.headers["Location"]).location == "/profile"
    assert page.sub() == SUB


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil", "/logout", "x"]
)
def test_next_is_a_page_of_the_app(page: Page, wanted: str) -> None:
    assert page.enter(next=wanted).get_json()["next"] == "/"


def test_a_code_is_good_once(page: Page, told: list[t.Any]) -> None:
    code = page.code()
    assert page.enter(verificationCode=code).status_code == 200
    page.get("/logout")
    answer = page.enter(verificationCode=code)
    assert refusal(answer) == (400, "invalid_grant")
    assert page.sub() is None
    assert told == [SUB, "invalid_grant"]


def test_guesses_use_up_a_code(page: Page) -> None:
    code = page.code()
    for _ in range(3):
        answer = page.enter(verificationCode="wrong")
        assert refusal(answer) == (400, "invalid_grant")
    assert refusal(page.enter(verificationCode=code)) == (400, "invalid_grant")
    assert page.sub() is None


def test_a_wrong_code_changes_no_session(page: Page) -> None:
    page.log_in(GRACE)
    before = page.ask("/session").get_json()
    assert page.enter(verificationCode="wrong").status_code == 400
    assert page.ask("/session").get_json() == before


def test_a_hook_refuses(page: Page, told: list[t.Any]) -> None:
    def hook(session: t.Any, asked: t.Any) -> None:
        raise Auth0Error("Not you.", code=403, error="suspended")

    page.app.extensions["auth0"].hooks.after_login.append(hook)
    assert refusal(page.enter()) == (403, "suspended")
    assert page.sub() is None
    assert told == ["suspended"]


def test_the_tenant_counts_attempts_by_visitor(
    page: Page, issuer: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auth0_server_python.auth_server.passwordless_client import PasswordlessClient

    seen: list[t.Any] = []
    original: t.Any = PasswordlessClient.start

    async def start(self: t.Any, options: t.Any, *args: t.Any) -> t.Any:
        seen.append(options.client_ip)
        return await original(self, options, *args)

    monkeypatch.setattr(PasswordlessClient, "start", start)
    page.code()
    assert seen == ["127.0.0.1"]


@pytest.mark.parametrize(
    "members",
    [
        {"connection": "email"},
        {"connection": "sms", "email": "ada@example.com"},
        {"connection": "sms", "phoneNumber": "4155550123"},
        {"connection": "email", "email": "a@b.example", "phoneNumber": "+14155550123"},
        {"connection": "github", "email": "ada@example.com"},
        {"connection": "sms", "phoneNumber": "+14155550123", "send": "link"},
        {"connection": "email", "email": "a@b.example", "language": "x\r\ny"},
    ],
)
def test_an_address_has_to_fit(page: Page, members: dict[str, t.Any]) -> None:
    answer = page.post("/passwordless/start", **members)
    assert refusal(answer) == (400, "invalid_request")
