"""A refresh that brings an ID token changes who the user is said to be."""

from __future__ import annotations

import time
import typing as t

import pytest

from flask_auth0 import Auth0
from flask_auth0.sessions.shapes import without_none
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import GRACE, MakeApp, MakeVisitor, Visitor
from tests.hooks.hooked_app import OFFLINE, Views, kept, update
from tests.tokens.refreshing import at_once, refreshes

from .conftest import Claims

RENEWALS = ["/renew", "/renew-async"]


def role(visitor: Visitor) -> t.Any:
    return visitor.user().get("role")


@pytest.mark.parametrize("path", RENEWALS)
def test_new_claims_without_a_new_login(
    visitor: Visitor, told: Claims, path: str
) -> None:
    told.update(role="reader", team="red")
    visitor.log_in()
    told.clear()
    told["role"] = "admin"
    assert role(visitor) == "reader"
    answer = visitor.fetch(path).get_json()
    user = without_none(visitor.user())
    assert answer["returned"] == without_none(answer["current"]) == user
    assert user["role"] == "admin"
    assert "team" not in user
    assert without_none(kept(visitor)["user"]) == user


def test_every_refresh_brings_them(visitor: Visitor, told: Claims) -> None:
    visitor.log_in()
    told["role"] = "admin"
    answer = visitor.fetch("/token-and-user").get_json()
    assert "role" not in answer["before"]
    assert answer["current"]["role"] == role(visitor) == "admin"


def test_an_expired_token_brings_them_too(
    visitor: Visitor, told: Claims, short_tokens: None, made: Views
) -> None:
    @made.app.get("/token")
    def token() -> str:
        return made.auth0.get_access_token()

    visitor.log_in()
    told["role"] = "admin"
    visitor.fetch("/token")
    assert role(visitor) == "admin"


@pytest.mark.parametrize("path", RENEWALS)
def test_many_ask_and_one_refresh_reaches_the_tenant(
    visitor: Visitor, tenant: TenantServer, told: Claims, path: str
) -> None:
    visitor.log_in()
    told["role"] = "admin"
    tenant.tenant.token_requests.clear()
    tenant.tenant.fail_next_token_request(status=None, delay=0.5)
    answers = at_once(visitor, [path] * 10)
    assert [each.get_json()["current"]["role"] for each in answers] == ["admin"] * 10
    assert refreshes(tenant) == ["ok"]


@pytest.mark.parametrize("path", RENEWALS)
def test_without_a_refresh_token(
    visitor: Visitor, made: Views, path: str, tenant: TenantServer
) -> None:
    @made.auth0.before_session_saved
    def drop(session: dict[str, t.Any]) -> None:
        session["refresh_token"] = None

    visitor.log_in()
    made.app.debug = True
    answer = visitor.get(path)
    assert answer.status_code == 401
    assert "offline_access" in answer.text
    assert visitor.user()


@pytest.mark.parametrize("path", RENEWALS)
def test_with_nobody(visitor: Visitor, path: str) -> None:
    answer = visitor.fetch(path)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")


@pytest.mark.parametrize("path", RENEWALS)
def test_a_tenant_that_is_down(
    visitor: Visitor, tenant: TenantServer, path: str
) -> None:
    visitor.log_in()
    tenant.tenant.fail_next_token_request(status=503)
    assert visitor.fetch(path).status_code == 503
    assert visitor.user()


@pytest.mark.parametrize("path", RENEWALS)
def test_a_refresh_token_that_is_no_longer_good(
    visitor: Visitor, tenant: TenantServer, path: str
) -> None:
    visitor.log_in()
    tenant.tenant.expire_tokens()
    answer = visitor.fetch(path)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")


# What the app has changed


def test_changes_of_the_app_stay_until_the_tenant_changes_the_claim(
    visitor: Visitor, told: Claims
) -> None:
    told.update(role="reader", nickname="Countess", team="red")
    visitor.log_in()
    update(visitor, cart=["tea"], nickname="Ada", team=None)
    told["role"] = "admin"
    for _ in range(2):
        visitor.fetch("/renew")
        user = visitor.user()
        assert (user["role"], user["nickname"], user["cart"]) == (
            "admin",
            "Ada",
            ["tea"],
        )
        assert user.get("team") is None
    told.update(nickname="Lovelace", team="blue")
    for _ in range(2):
        user = visitor.fetch("/renew").get_json()["current"]
        assert (user["nickname"], user["team"], user["cart"]) == (
            *("Lovelace", "blue"),
            ["tea"],
        )


def test_hooks_run_again_on_the_new_claims(
    made: Views, visitor: Visitor, told: Claims
) -> None:
    admins = {"ada"}

    @made.auth0.before_session_saved
    def change(session: dict[str, t.Any]) -> None:
        user = session["user"]
        user["name"] = user["name"].upper()
        user.pop("picture", None)
        if user["login"] in admins:
            user["is_admin"] = True

    told.update(login="ada", name="Ada")
    visitor.log_in()
    assert visitor.user()["is_admin"] is True
    update(visitor, theme="dark")
    told["name"] = "Countess"
    admins.clear()
    visitor.fetch("/renew")
    user = visitor.user()
    assert (user["name"], user["theme"]) == ("COUNTESS", "dark")
    assert not {"picture", "is_admin"} & without_none(user).keys()


def test_claims_on_the_login_stay(visitor: Visitor, told: Claims) -> None:
    of_the_login = {
        "amr": ["mfa"],
        "acr": "high",
        "auth_time": 1000,
        "act": {"sub": "b"},
    }
    told.update(of_the_login)
    visitor.log_in()
    sid = visitor.user()["sid"]
    told.clear()
    told["sid"] = "another"
    visitor.fetch("/renew")
    assert of_the_login.items() <= visitor.user().items()
    assert visitor.user()["sid"] == sid


def test_claims_of_userinfo_stay(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    told: Claims,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make_app(scope=OFFLINE, fetch_userinfo=True)

    @app.get("/renew")
    def renew() -> t.Any:
        return Auth0().refresh_user()

    monkeypatch.setattr(tenant.tenant, "userinfo_claims", {"groups": ["a"]})
    visitor = make_visitor(app)
    visitor.log_in()
    told["role"] = "admin"
    user = visitor.fetch("/renew").get_json()
    assert (user["groups"], user["role"]) == (["a"], "admin")


# The ceiling of the identity provider


def test_a_new_ceiling_counts(visitor: Visitor, told: Claims) -> None:
    told["session_expiry"] = int(time.time()) + 1000
    visitor.log_in()
    for seconds, is_there in [(5000, True), (-10, False)]:
        told["session_expiry"] = int(time.time()) + seconds
        answer = visitor.fetch("/renew")
        assert bool(visitor.user()) is is_there
    assert answer.status_code == 401


def test_a_ceiling_stays_where_a_refresh_does_not_name_it(
    visitor: Visitor, told: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    told["session_expiry"] = int(time.time()) + 1000
    visitor.log_in()
    del told["session_expiry"]
    visitor.fetch("/renew")
    assert visitor.user()["session_expiry"]


def test_two_users_stay_apart(
    made: Views, make_visitor: MakeVisitor, told: Claims
) -> None:
    ada, grace = make_visitor(made.app), make_visitor(made.app)
    ada.log_in()
    grace.log_in(GRACE)
    told["role"] = "admin"
    ada.fetch("/renew")
    assert (role(ada), role(grace)) == ("admin", None)
    assert ada.user()["sub"] != grace.user()["sub"]
