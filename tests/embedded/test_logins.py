"""A login that a view of the app completes is a login like any other."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import pytest
from flask import Flask

from flask_auth0 import Auth0, Auth0Error, user_logged_in
from flask_auth0.tenant import Tenant
from tests.embedded.conftest import SUB, Person, auth0
from tests.harness.visitor import HOST


@pytest.fixture
def told(app: Flask) -> t.Iterator[list[t.Any]]:
    """The users of whom the app was told."""
    users: list[t.Any] = []

    def note(sender: t.Any, user: t.Any) -> None:
        users.append(user)

    with user_logged_in.connected_to(note, app):
        yield users


@pytest.fixture
def hooks(app: Flask) -> list[t.Any]:
    """Functions for ``after_login``, which a test may add to."""
    return app.extensions["auth0"].hooks.after_login  # type: ignore[no-any-return]


def test_the_app_is_told_of_it_once(
    visitor: Person, told: list[t.Any], hooks: list[t.Any], issuer: Tenant
) -> None:
    called: list[t.Any] = []

    def hook(session: Mapping[str, t.Any], asked: Mapping[str, t.Any]) -> None:
        called.append((session["user"]["sub"], dict(asked), "internal" in session))

    hooks.append(hook)
    assert visitor.passwordless().status_code == 200
    assert [user["sub"] for user in told] == [SUB]
    assert called == [(SUB, {}, False)]
    visitor.fetch("/user")
    visitor.log_in()
    assert (len(told), len(called)) == (2, 2)


def test_after_a_second_factor_too(
    visitor: Person, told: list[t.Any], issuer: Tenant
) -> None:
    issuer.mfa.enroll(SUB)
    mfa_token = visitor.passwordless().get_json()["mfa_token"]
    assert not told
    options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
    visitor.gets(lambda client: client.mfa.verify(options))
    assert [user["amr"] for user in told] == [["mfa"]]


def test_a_hook_that_is_async(
    visitor: Person, hooks: list[t.Any], issuer: Tenant
) -> None:
    called: list[t.Any] = []

    async def hook(session: t.Any, asked: t.Any) -> None:
        user = await auth0.client.get_user()
        called.append(user and user["sub"])

    hooks.append(hook)
    assert visitor.passwordless().status_code == 200
    assert called == [SUB]


def test_a_hook_refuses_it(
    visitor: Person, told: list[t.Any], hooks: list[t.Any], issuer: Tenant
) -> None:
    def hook(session: t.Any, asked: t.Any) -> None:
        raise Auth0Error("Not you.", code=403)

    hooks.append(hook)
    assert visitor.passwordless().status_code == 403
    assert visitor.user() is None
    assert not told


# Where no cookie can be set any more


def test_a_streamed_response_spends_no_code(visitor: Person, issuer: Tenant) -> None:
    issuer.mfa.enroll(SUB)
    mfa_token = visitor.passwordless().get_json()["mfa_token"]
    options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
    visitor.app.config["STEP"] = lambda client: client.mfa.verify(options)
    answer = visitor.client.post("/stream", base_url=HOST)
    assert "A streamed response cannot" in answer.text
    visitor.gets(lambda client: client.mfa.verify(options))
    assert visitor.user()["sub"] == SUB


def test_nor_does_a_place_without_a_response(app: Flask, issuer: Tenant) -> None:
    from auth0_server_python.auth_types import VerifyPasswordlessOtpOptions

    options = VerifyPasswordlessOtpOptions(
        connection="email", email="ada@example.com", verification_code="1"
    )
    for context in (app.app_context(), app.test_request_context(base_url=HOST)):
        with context, pytest.raises(Auth0Error, match="No response takes cookies"):
            Auth0().run(Auth0().client.passwordless.verify(options))
