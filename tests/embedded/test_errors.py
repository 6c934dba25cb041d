"""What a visitor is told of a code that is not accepted, as a page and as JSON."""

from __future__ import annotations

import json
import time
import typing as t

import pytest
from werkzeug.test import TestResponse

from flask_auth0.tenant import Tenant
from tests.embedded.conftest import SUB, Person
from tests.harness.visitor import NAVIGATION, error_of


@pytest.fixture(params=["cookies"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def mfa(visitor: Person, issuer: Tenant) -> dict[str, t.Any]:
    """The beginning of a login that waits for its second factor."""
    issuer.mfa.enroll(SUB)
    told = visitor.passwordless()
    assert told.status_code == 401
    content = told.get_json()
    assert content["error"] == "mfa_required"
    assert content["mfa_requirements"] == {"challenge": [{"type": "otp"}]}
    return {"mfa_token": content["mfa_token"]}


def told(person: Person, step: t.Any) -> tuple[int, t.Any, TestResponse]:
    """The status and the code, which a page and JSON have to share."""
    page = person.does(step, headers=NAVIGATION)
    answer = person.does(step)
    assert answer.status_code == page.status_code
    code = answer.get_json()["error"]
    assert error_of(page) == code
    return answer.status_code, code, answer


def verify(mfa: dict[str, t.Any], **options: t.Any) -> t.Any:
    return lambda client: client.mfa.verify({**mfa, **options})


@pytest.mark.parametrize("persist", [False, True])
def test_wrong_code(visitor: Person, mfa: dict[str, t.Any], persist: bool) -> None:
    status, code, answer = told(visitor, verify(mfa, otp="000000", persist=persist))
    assert (status, code) == (400, "invalid_grant")
    assert "login_url" not in answer.get_json()
    options = {**mfa, "otp": "123456", "persist": True}
    assert visitor.gets(lambda client: client.mfa.verify(options))["access_token"]
    assert visitor.user()["sub"] == SUB


def test_wrong_code_of_a_message(visitor: Person) -> None:
    from auth0_server_python.auth_types import VerifyPasswordlessOtpOptions

    options = VerifyPasswordlessOtpOptions(
        connection="email", email="ada@example.com", verification_code="000000"
    )
    answer = told(visitor, lambda client: client.passwordless.verify(options))
    assert answer[:2] == (400, "invalid_grant")
    assert "Please log in again" not in answer[2].text


def test_a_code_after_too_long(
    visitor: Person, mfa: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = visitor.app.extensions["auth0"].config
    assert config.mfa_token_ttl == 300
    later = time.time() + 301
    monkeypatch.setattr(
        "auth0_server_python.auth_server.mfa_client.time.time", lambda: later
    )
    answer = told(visitor, verify(mfa, otp="123456"))
    assert answer[:2] == (400, "mfa_token_expired")
    assert "too long" in answer[2].get_json()["error_description"]


def test_a_code_that_the_tenant_has_waited_for_too_long(
    visitor: Person, mfa: dict[str, t.Any], issuer: Tenant
) -> None:
    issuer.mfa.lifetime = 0
    answer = told(visitor, verify(mfa, otp="123456"))
    assert answer[:2] == (400, "mfa_token_expired")
    listing = told(visitor, lambda client: client.mfa.list_authenticators(mfa))
    assert listing[:2] == (400, "mfa_token_expired")


@pytest.mark.parametrize("token", ["", "x", "a.b.c.d.e"])
def test_a_token_of_somebody_elses(visitor: Person, token: str) -> None:
    for options in ({}, {"persist": True}):
        answer = told(visitor, verify({"mfa_token": token}, otp="1", **options))
        assert answer[:2] == (400, "mfa_token_invalid")


def test_a_token_that_was_used(visitor: Person, mfa: dict[str, t.Any]) -> None:
    visitor.gets(verify(mfa, otp="123456"))
    answer = told(visitor, verify(mfa, otp="123456"))
    assert answer[:2] == (400, "mfa_token_invalid")


def test_arguments_that_are_none(visitor: Person, mfa: dict[str, t.Any]) -> None:
    assert told(visitor, verify(mfa))[:2] == (400, "mfa_verify_error")
    options = {**mfa, "factor_type": "smoke"}
    answer = told(visitor, lambda client: client.mfa.enroll_authenticator(options))
    assert answer[:2] == (400, "mfa_enrollment_error")


def test_a_tenant_that_is_down(
    visitor: Person, mfa: dict[str, t.Any], issuer: Tenant
) -> None:
    issuer.fail_next_token_request(status=502, body=b"oops", count=2)
    answer = told(visitor, verify(mfa, otp="123456"))
    assert answer[:2] == (503, "temporarily_unavailable")
    assert answer[2].retry_after is not None


def test_too_many_attempts(
    visitor: Person, mfa: dict[str, t.Any], issuer: Tenant
) -> None:
    issuer.limit_next_token_request(retry_after=77, count=2)
    answer = told(visitor, verify(mfa, otp="123456"))
    assert answer[:2] == (429, "too_many_requests")
    assert answer[2].headers["Retry-After"] == "77"
    # The next user is not kept from trying.
    assert visitor.gets(verify(mfa, otp="123456"))["access_token"]


def test_too_many_refreshes(visitor: Person, issuer: Tenant) -> None:
    visitor.log_in()
    issuer.limit_next_token_request(retry_after=77, count=2)

    async def refreshed(client: t.Any) -> t.Any:
        return await client.get_access_token(force_refresh=True)

    answer = told(visitor, refreshed)
    assert answer[:2] == (503, "temporarily_unavailable")
    assert answer[2].headers["Retry-After"] == "77"


def test_a_grant_that_is_not_enabled(
    visitor: Person, mfa: dict[str, t.Any], issuer: Tenant
) -> None:
    body = b'{"error": "unauthorized_client", "error_description": "No"}'
    issuer.fail_next_token_request(status=403, body=body, count=2)
    assert told(visitor, verify(mfa, otp="1"))[:2] == (502, "invalid_response")


def test_a_code_of_the_tenants_is_shown_if_it_is_one(
    visitor: Person, mfa: dict[str, t.Any], issuer: Tenant
) -> None:
    for code, shown in {"access_denied": "access_denied", "<b>": None}.items():
        body = json.dumps({"error": code, "error_description": "<i>No</i>"}).encode()
        issuer.fail_next_token_request(status=403, body=body, count=2)
        status, told_code, answer = told(visitor, verify(mfa, otp="1"))
        assert (status, told_code) == (400, shown or "challenge_failed")
        assert "<i>" not in answer.text


def test_an_address_that_is_none(visitor: Person) -> None:
    from auth0_server_python.auth_types import StartPasswordlessEmailOptions

    start = StartPasswordlessEmailOptions(email="not-an-address")
    answer = told(visitor, lambda client: client.passwordless.start(start))
    assert answer[0] == 400
