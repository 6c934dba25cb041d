"""Logins on another device (CIBA): of nobody, of somebody else, of the same person."""

from __future__ import annotations

import threading
import typing as t

import pytest
from flask import Flask, request, session

from flask_auth0 import Auth0, user_logged_in
from flask_auth0.sessions.shapes import without_none
from flask_auth0.tenant import TenantServer
from tests.harness.processes import until
from tests.harness.visitor import ADA, GRACE, Visitor
from tests.hooks.hooked_app import Views, kept, update

from .conftest import Claims

PATHS = ["/ciba", "/ciba-async"]
SUBS = {ADA: "auth0|ada", GRACE: "auth0|grace"}
DETAILS = '[{"type": "payment", "amount": 5}]'


@pytest.fixture
def app(made: Views) -> Flask:
    app, auth0 = made.app, made.auth0

    def options() -> Claims:
        asked = {"authorization_details": DETAILS} if "details" in request.args else {}
        scope = "openid profile email"
        offline = "" if "online" in request.args else " offline_access"
        return {
            "binding_message": "Order 1815",
            "login_hint": {"sub": SUBS[request.args["person"]]},
            "authorization_params": {**asked, "scope": scope + offline},
        }

    @app.get("/ciba")
    def ciba() -> t.Any:
        return auth0.run(auth0.client.login_backchannel(options()))

    @app.get("/ciba-async")
    async def ciba_async() -> t.Any:
        return await auth0.client.login_backchannel(options())

    @app.get("/cart")
    def cart() -> t.Any:
        if "add" in request.args:
            session["cart"] = request.args["add"]
        return {"cart": session.get("cart")}

    return app


@pytest.fixture
def approved(tenant: TenantServer) -> t.Iterator[None]:
    """Everybody agrees at once."""
    tenant.tenant.answer_backchannel_logins = "approve"
    yield
    tenant.tenant.answer_backchannel_logins = None


def log_in(visitor: Visitor, path: str, person: str = ADA, more: str = "") -> t.Any:
    return visitor.fetch(f"{path}?person={person}{more}")


def cart(visitor: Visitor, add: str = "") -> t.Any:
    return visitor.fetch(f"/cart?add={add}" if add else "/cart").get_json()["cart"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("approved")
def test_a_first_login(made: Views, visitor: Visitor, path: str) -> None:
    seen: list[t.Any] = []
    calls: list[t.Any] = []
    made.auth0.after_login(lambda session, asked: calls.append((session, asked)))

    @made.auth0.before_session_saved
    def add(session: Claims) -> None:
        session["user"]["is_admin"] = True

    cart(visitor, add="tea")
    with user_logged_in.connected_to(lambda sender, user: seen.append(user), made.app):
        answer = log_in(visitor, path, more="&details=1")
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["authorization_details"][0]["type"] == "payment"
    user = without_none(visitor.user())
    assert (user["sub"], user["name"]) == ("auth0|ada", "Ada Lovelace")
    assert user["is_admin"] is True
    assert [without_none(each) for each in seen] == [user]
    ((shown, asked),) = calls
    assert (shown["user"]["sub"], dict(asked)) == ("auth0|ada", {})
    assert "internal" not in shown
    assert cart(visitor) == "tea"
    assert visitor.fetch("/renew").status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("approved")
def test_somebody_else_gets_nothing_of_who_was_there(
    visitor: Visitor, path: str
) -> None:
    visitor.log_in(GRACE)
    before = kept(visitor)
    cart(visitor, add="tea")
    old = visitor.cookies()
    assert log_in(visitor, path, more="&online=1").status_code == 200
    after = kept(visitor)
    assert after["user"]["sub"] == "auth0|ada"
    assert after["refresh_token"] is None
    assert len(after["token_sets"]) == 1
    tokens = [each["access_token"] for each in before["token_sets"]]
    assert after["token_sets"][0]["access_token"] not in tokens
    assert cart(visitor) is None
    assert visitor.cookies() != old


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("approved")
def test_the_same_person_goes_on(
    made: Views, visitor: Visitor, path: str, told: Claims
) -> None:
    @made.app.get("/other")
    def other() -> str:
        return made.auth0.get_access_token(audience="https://other.example.com")

    visitor.log_in()
    other_token = visitor.fetch("/other").text
    update(visitor, theme="dark")
    cart(visitor, add="tea")
    before, told["role"] = kept(visitor), "admin"
    assert log_in(visitor, path, more="&online=1").status_code == 200
    after = kept(visitor)
    assert (after["user"]["role"], after["user"]["theme"]) == ("admin", "dark")
    assert after["user"]["sid"] == before["user"]["sid"]
    assert after["refresh_token"] == before["refresh_token"]
    assert after["id_token"] != before["id_token"]
    newest = {each["audience"]: each["access_token"] for each in after["token_sets"]}
    assert newest["https://other.example.com"] == other_token
    assert newest["default"] != before["token_sets"][0]["access_token"]
    assert cart(visitor) == "tea"
    assert visitor.fetch("/renew").status_code == 200
    assert visitor.user()["theme"] == "dark"


@pytest.mark.parametrize("refusing", ["hook", "receiver", "saved", "async hook"])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("approved")
def test_an_app_that_refuses(
    made: Views, visitor: Visitor, path: str, refusing: str
) -> None:
    def refuse(*args: t.Any, **kwargs: t.Any) -> None:
        raise PermissionError("not here")

    async def refuse_async(*args: t.Any) -> None:
        refuse()

    if refusing == "hook":
        made.auth0.after_login(refuse)
    elif refusing == "async hook":
        made.auth0.after_login(refuse_async)
    elif refusing == "saved":
        made.auth0.before_session_saved(refuse)
    else:
        user_logged_in.connect(refuse, made.app)
    try:
        assert log_in(visitor, path).status_code == 500
    finally:
        user_logged_in.disconnect(refuse, made.app)
    assert not visitor.user()


@pytest.mark.parametrize("path", PATHS)
def test_it_waits_longer_than_for_a_tenant(
    made: Views, visitor: Visitor, tenant: TenantServer, path: str
) -> None:
    tenant.tenant.backchannel_login_interval = 1
    answers: list[t.Any] = []
    thread = threading.Thread(target=lambda: answers.append(log_in(visitor, path)))
    logins = tenant.tenant.backchannel_logins
    thread.start()
    try:
        until(lambda: bool(logins.pending()), "it has begun")
        login = logins.pending()[0]
        until(lambda: login.polled_at is not None, "the app asks")
        logins.approve(login.id)
        thread.join(20)
    finally:
        tenant.tenant.backchannel_login_interval = 5
    assert answers[0].status_code == 200, answers[0].text
    assert visitor.user()["sub"] == "auth0|ada"


@pytest.mark.parametrize("path", PATHS)
def test_a_person_who_refuses(
    visitor: Visitor, tenant: TenantServer, path: str
) -> None:
    visitor.log_in(GRACE)
    tenant.tenant.answer_backchannel_logins = "deny"
    try:
        answer = log_in(visitor, path)
    finally:
        tenant.tenant.answer_backchannel_logins = None
    assert (answer.status_code, answer.get_json()["error"]) == (403, "access_denied")
    assert visitor.user()["sub"] == "auth0|grace"


@pytest.mark.parametrize("path", PATHS)
def test_a_person_who_does_not_answer(
    visitor: Visitor, tenant: TenantServer, path: str
) -> None:
    lifetimes = tenant.tenant.lifetimes
    lifetimes.backchannel_login, before = 0, lifetimes.backchannel_login
    try:
        answer = log_in(visitor, path)
    finally:
        lifetimes.backchannel_login = before
    assert (answer.status_code, answer.get_json()["error"]) == (400, "expired_token")


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, b"{}", 503),
        (429, b"{}", 503),
        (401, b'{"error": "invalid_client"}', 502),
        (400, b"rubbish", 502),
        (200, b'{"access_token": "a", "expires_in": 60}', 502),
        (200, b'{"access_token": "a", "id_token": "b", "expires_in": 60}', 502),
    ],
    ids=str,
)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("approved")
def test_a_tenant_that_fails(
    visitor: Visitor,
    tenant: TenantServer,
    path: str,
    status: int,
    body: bytes,
    told: int,
) -> None:
    visitor.log_in(GRACE)
    before = kept(visitor)
    tenant.tenant.fail_next_token_request(status=status, body=body)
    assert log_in(visitor, path).status_code == told
    assert kept(visitor) == before


def test_the_limit_is_not_the_tenants(made: Views) -> None:
    auth0 = Auth0()
    with made.app.app_context():
        waiting = auth0.client.login_backchannel({})
        assert auth0._limit_of(waiting) is None
        waiting.close()
        other = auth0.client.get_user()
        assert auth0._limit_of(other) == auth0.config.timeout
        other.close()
