"""A script asks who is logged in, for access tokens, and for connected accounts."""

from __future__ import annotations

import time
import typing as t

import pytest
from flask import Flask, request

from flask_auth0 import Auth0, ConfigurationError
from flask_auth0.tenant import Tenant, TenantServer
from flask_auth0.tenant.api_access import Problem
from tests.docs.conftest import choose
from tests.harness.visitor import NAVIGATION, MakeApp

from .conftest import API, OFFLINE, PATHS, PAYMENTS, SCRIPT, SUB, Page, refusal

OTHER_API = "https://other.example.com"


def test_who_is_logged_in(page: Page) -> None:
    answer = page.ask("/me")
    assert refusal(answer) == (401, "login_required")
    assert answer.get_json()["login_url"].startswith("/login?")
    page.log_in()
    answer = page.ask("/me")
    assert answer.get_json() == page.user()
    assert answer.get_json()["sub"] == SUB
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("mode", ["cookies", "redis"])
def test_an_access_token(page: Page, issuer: Tenant) -> None:
    assert refusal(page.ask("/access-token")) == (401, "login_required")
    page.log_in()
    told = page.ask("/access-token").get_json()
    (kept,) = page.ask("/session").get_json()["token_sets"]
    assert told["token"] == kept["access_token"]
    assert told["scope"] == kept["scope"]
    assert 0 < told["expires_in"] <= told["expires_at"] - time.time() + 5
    claims = issuer.keys.claims(told["token"])
    assert claims is not None
    assert API in claims["aud"]


def test_scripts_get_tokens_of_no_other_api(page: Page) -> None:
    page.log_in()
    my_account = f"https://{page.tenant.domain}/me/"
    for audience in (OTHER_API, my_account, "default"):
        answer = page.ask("/access-token", query_string={"audience": audience})
        assert refusal(answer) == (403, "invalid_target")
    answer = page.ask("/access-token", query_string={"scope": "delete:all"})
    assert refusal(answer) == (400, "invalid_request")


def test_scripts_get_tokens_of_the_apis_that_are_named(
    make_app: MakeApp, page: Page
) -> None:
    def ask(audience: str, **settings: t.Any) -> int:
        app = make_app(
            audience=API, scope=OFFLINE, access_token_path="/access-token", **settings
        )
        page.app, page.client = app, app.test_client()
        page.log_in()
        answer = page.ask("/access-token", query_string={"audience": audience})
        return answer.status_code

    assert ask(API) == 200
    assert ask(PAYMENTS) == 403
    assert ask(PAYMENTS, access_token_audiences=PAYMENTS) == 200
    # The app keeps that of its own API to itself.
    assert ask("", access_token_audiences=PAYMENTS) == 403


def test_a_token_is_shown_on_no_page(page: Page) -> None:
    page.log_in()
    answer = page.get("/access-token", headers={**NAVIGATION, "Sec-Fetch-Site": "none"})
    assert answer.status_code == 403
    assert answer.mimetype == "text/html"


# Accounts


@pytest.mark.parametrize("mode", ["cookies", "redis"])
def test_an_account_is_connected_and_forgotten(
    page: Page, tenant: TenantServer
) -> None:
    page.log_in()
    begun = page.told("/connect", connection="github", scopes=["repo"], next="/profile")
    back = choose(page.http, tenant, begun["url"], account="ada@github.example")
    assert page.get(back).location == "/profile"
    (account,) = page.ask("/connect/accounts").get_json()["accounts"]
    assert (account["connection"], account["scopes"]) == ("github", ["repo"])
    assert page.post("/connect/forget", id=account["id"]).status_code == 204
    assert page.ask("/connect/accounts").get_json() == {"accounts": []}


def test_accounts_are_for_users(page: Page) -> None:
    assert refusal(page.ask("/connect/accounts")) == (401, "login_required")
    answer = page.post("/connect", connection="github")
    assert refusal(answer) == (401, "login_required")
    answer = page.post("/connect/forget", id="cac_1")
    assert refusal(answer) == (401, "login_required")


@pytest.mark.parametrize("account", ["../../users/1", "a/b", "a?b=c", "%2e%2e", ""])
def test_an_account_is_no_path(page: Page, account: str) -> None:
    page.log_in()
    answer = page.post("/connect/forget", id=account)
    assert refusal(answer) == (400, "invalid_request")


# Settings


def test_all_of_them_are_off(make_app: MakeApp, page: Page) -> None:
    app = make_app(audience=API)
    client = app.test_client()
    ours = [name for name in app.view_functions if name.startswith("auth0.")]
    wanted = ["login", "callback", "logout", "backchannel_logout"]
    assert ours == [f"auth0.{name}" for name in wanted]
    assert client.post("/passwordless/start", json={}).status_code == 404


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"access_token_path": "/token"}, "AUTH0_ACCESS_TOKEN_AUDIENCES"),
        (
            {"passwordless_path": "/code", "organization": "org_1"},
            "AUTH0_PASSWORDLESS_PATH logs in to no organization",
        ),
        (
            {"mfa_path": "/same", "passwordless_path": "/same"},
            "AUTH0_MFA_PATH must not be the same path",
        ),
        ({"mfa_path": "mfa"}, "AUTH0_MFA_PATH must be a path"),
    ],
)
def test_settings_that_contradict(
    options: dict[str, t.Any], settings: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Auth0(Flask("app"), **{**options, **settings})


def test_a_whole_app_that_is_guarded(make_app: MakeApp, page: Page) -> None:
    app = make_app(audience=API, protect_app=True, url_prefix="/auth", **PATHS)
    page.app, page.client = app, app.test_client()
    assert refusal(page.ask("/auth/me")) == (401, "login_required")
    given = {"connection": "email", "email": "ada@example.com"}
    answer = page.send("/auth/passwordless/start", SCRIPT, json=given)
    assert answer.status_code == 204


@pytest.mark.parametrize("status", [400, 403])
def test_no_token_in_the_tenants_words_is_repeated(
    page: Page,
    issuer: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    """Not even where the tenant quotes the one that the app has sent."""

    def refuse(sub: str) -> t.NoReturn:
        sent.append(request.headers["Authorization"].split()[1])
        raise Problem(status, "No", f"No: {sent[0]}")

    sent: list[str] = []
    monkeypatch.setattr(issuer.accounts, "connected", refuse)
    caplog.set_level("INFO", "flask_auth0")
    page.log_in()
    answer = page.ask("/connect/accounts")
    assert answer.status_code == status
    assert "No: [...]" in caplog.text
    # What is long is cut, so that the beginning tells.
    assert sent[0][:50] not in answer.text + caplog.text
