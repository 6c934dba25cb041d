"""What the SDK keeps beside a session, in a sealed cookie of its own."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from auth0_server_python.auth_types import PasskeyAuthResponse, PasskeyUserProfile
from flask import Flask

from flask_auth0 import Auth0, Auth0Error
from flask_auth0.app_state import state_of
from flask_auth0.tenant import Tenant
from tests.embedded.conftest import Person
from tests.harness.clock import Clock
from tests.harness.visitor import HOST
from tests.tenant.authenticator import Authenticator

PENDING = "_a0_mfa_pending"


async def keep(client: t.Any, identifier: str = PENDING, value: t.Any = "token") -> str:
    await client.store.set(identifier, {"mfa_token": value}, options=None)
    return "kept"


async def kept(client: t.Any, identifier: str = PENDING) -> t.Any:
    return await client.store.get(identifier)


async def forget(client: t.Any) -> str:
    await client.store.delete(PENDING)
    return "forgotten"


def apart(person: Person) -> list[str]:
    return [name for name in person.cookies() if "_a0_apart_" in name]


def passkey_of(person: Person) -> Authenticator:
    """The passkey with which somebody has signed up, and is logged in now."""
    authenticator = Authenticator()
    # The tenant is that of other tests as well.
    profile = PasskeyUserProfile(email=f"{secrets.token_hex(8)}@example.com")

    async def sign_up(client: t.Any) -> t.Any:
        new = await client.passkey_signup_challenge(profile)
        options = new.authn_params_public_key.model_dump()
        answer = PasskeyAuthResponse(**authenticator.create(options))
        await client.signin_with_passkey(new.auth_session, answer, scope="openid")
        return "signed up"

    assert person.gets(sign_up) == "signed up"
    return authenticator


def sign_in(authenticator: Authenticator) -> t.Any:
    async def step(client: t.Any) -> t.Any:
        started = await client.passkey_login_challenge()
        options = started.authn_params_public_key.model_dump()
        answer = PasskeyAuthResponse(**authenticator.get(options))
        return await client.signin_with_passkey(
            started.auth_session, answer, scope="openid"
        )

    return step


def test_a_passkey_that_needs_a_second_factor(visitor: Person, issuer: Tenant) -> None:
    authenticator = passkey_of(visitor)
    sub = visitor.user()["sub"]
    visitor.get("/logout")
    assert visitor.user() is None
    issuer.mfa.enroll(sub)
    told = visitor.does(sign_in(authenticator))
    assert (told.status_code, told.get_json()["error"]) == (401, "mfa_required")
    assert visitor.user() is None
    mfa_token = visitor.gets(kept)["mfa_token"]
    assert mfa_token == told.get_json()["mfa_token"]
    options = {"mfa_token": mfa_token, "otp": "123456", "persist": True}
    visitor.gets(lambda client: client.mfa.verify(options))
    assert visitor.user()["sub"] == sub
    assert apart(visitor) == []


def test_it_does_not_touch_the_session(visitor: Person) -> None:
    visitor.log_in()
    user = visitor.user()
    for step in (keep, forget, forget):
        visitor.gets(step)
        assert visitor.user() == user
    assert visitor.gets(kept) is None


def test_it_has_an_end_of_its_own(visitor: Person, clock: Clock) -> None:
    visitor.gets(keep)
    assert visitor.gets(kept) == {"mfa_token": "token"}
    (name,) = apart(visitor)
    sealed = visitor.cookies()[name]
    clock.offset = 301
    visitor.set_cookie(name, sealed)
    assert visitor.gets(kept) is None


def test_no_cookie_is_passed_off_as_another(visitor: Person) -> None:
    visitor.gets(keep)
    (mine,) = apart(visitor)
    sealed = visitor.cookies()[mine]
    visitor.gets(lambda client: keep(client, "another", "its own"))
    (other,) = set(apart(visitor)) - {mine}
    visitor.set_cookie(other, sealed)
    assert visitor.gets(lambda client: kept(client, "another")) is None
    visitor.set_cookie(mine, sealed[:-2] + "AA")
    assert visitor.gets(kept) is None


def test_it_ends_with_the_session(visitor: Person) -> None:
    visitor.log_in()
    visitor.gets(keep)
    visitor.get("/logout")
    assert apart(visitor) == []


def test_it_has_the_flags_of_the_other_cookies(visitor: Person) -> None:
    (cookie,) = [
        each
        for each in visitor.does(keep).headers.getlist("Set-Cookie")
        if "_a0_apart_" in each
    ]
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=300"} <= set(cookie.split("; "))
    assert "token" not in cookie.partition("=")[2]


def test_what_is_too_large_for_a_cookie_is_refused(visitor: Person) -> None:
    large = secrets.token_urlsafe(4000)
    told = visitor.does(lambda client: keep(client, value=large))
    assert (told.status_code, told.get_json()["error"]) == (431, "session_too_large")


def test_without_a_response_it_says_so(app: Flask) -> None:
    store, auth0 = state_of(app).state_store, Auth0()
    for context in (app.app_context(), app.test_request_context(base_url=HOST)):
        with context:
            with pytest.raises(Auth0Error, match="No response takes cookies"):
                auth0.run(store.set(PENDING, {"mfa_token": "x"}))
            assert auth0.run(store.get(PENDING)) is None
            auth0.run(store.delete(PENDING))
