"""A second factor is for the session in which it was asked for, and for no other."""

from __future__ import annotations

import typing as t

import pytest
from auth0_server_python.error import MfaRequiredError
from werkzeug.test import TestResponse

from flask_auth0.tenant import Tenant
from tests.embedded.conftest import OTHER_API, SUB, Person
from tests.harness.visitor import GRACE

in_one_place = pytest.mark.parametrize("visitor", ["sync"], indirect=True)

NO_ID_TOKEN = b'{"access_token": "new", "expires_in": 60}'
ONE_MORE = b'{"error": "mfa_required", "mfa_token": "another"}'


@pytest.fixture
def mfa_token(visitor: Person, issuer: Tenant) -> str:
    """The token of the second factor that an API wants of somebody logged in."""
    visitor.log_in()
    issuer.mfa.enroll(SUB)
    issuer.mfa.audiences.add(OTHER_API)
    return required(visitor, lambda c: c.get_access_token(audience=OTHER_API))


def required(person: Person, call: t.Callable[[t.Any], t.Any]) -> str:
    """The token with which a call tells that a factor is needed."""

    async def ask(client: t.Any) -> t.Any:
        with pytest.raises(MfaRequiredError) as caught:
            await call(client)
        return caught.value.mfa_token

    return str(person.gets(ask))


def options(mfa_token: str) -> dict[str, t.Any]:
    return {"otp": "123456", "mfa_token": mfa_token, "persist": True}


def verify(person: Person, mfa_token: str) -> TestResponse:
    return person.does(lambda client: client.mfa.verify(options(mfa_token)))


def tokens(person: Person) -> t.Any:
    return person.fetch("/tokens").get_json()


def error(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]


@in_one_place
def test_somebody_else_gets_no_tokens(
    visitor: Person, issuer: Tenant, mfa_token: str
) -> None:
    visitor.log_in(GRACE)
    before = tokens(visitor)
    issuer.fail_next_token_request(200, NO_ID_TOKEN)
    assert error(verify(visitor, mfa_token)) == (400, "mfa_token_invalid")
    assert tokens(visitor) == before


@in_one_place
@pytest.mark.parametrize("mode", ["cookies", "redis"], indirect=True)
def test_another_session_of_the_user_gets_none(
    visitor: Person, issuer: Tenant, mfa_token: str
) -> None:
    visitor.client = visitor.app.test_client()
    visitor.log_in()
    before = tokens(visitor)
    assert error(verify(visitor, mfa_token)) == (400, "mfa_token_invalid")
    assert tokens(visitor) == before


@in_one_place
def test_a_factor_of_a_session_logs_nobody_in(visitor: Person, mfa_token: str) -> None:
    visitor.client = visitor.app.test_client()
    assert error(verify(visitor, mfa_token)) == (400, "mfa_token_invalid")
    assert visitor.user() is None


@in_one_place
def test_a_factor_of_a_login_adds_to_no_session(
    visitor: Person, issuer: Tenant
) -> None:
    issuer.mfa.enroll(SUB)
    mfa_token = visitor.passwordless().get_json()["mfa_token"]
    visitor.log_in(GRACE)
    before = tokens(visitor)
    issuer.fail_next_token_request(200, NO_ID_TOKEN)
    assert error(verify(visitor, mfa_token)) == (502, "invalid_response")
    assert tokens(visitor) == before


@in_one_place
def test_one_more_factor_is_for_the_same_session(
    visitor: Person, issuer: Tenant, mfa_token: str
) -> None:
    issuer.fail_next_token_request(403, ONE_MORE)
    more = required(visitor, lambda client: client.mfa.verify(options(mfa_token)))
    browser, visitor.client = visitor.client, visitor.app.test_client()
    visitor.log_in(GRACE)
    assert error(verify(visitor, more)) == (400, "mfa_token_invalid")
    visitor.client = browser
    issuer.fail_next_token_request(200, NO_ID_TOKEN)
    assert verify(visitor, more).status_code == 200
    assert tokens(visitor)[OTHER_API]["access_token"] == "new"
