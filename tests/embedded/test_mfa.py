"""A second factor, asked for by the app itself: what it adds to a session."""

from __future__ import annotations

import time
import typing as t

import pytest
from auth0_server_python.error import MfaRequiredError

from flask_auth0.tenant import Tenant
from tests.embedded.conftest import OTHER_API, SUB, Person


@pytest.fixture
def somebody(visitor: Person, issuer: Tenant) -> Person:
    """Somebody who is logged in, with a cart, and has to confirm for another API."""
    visitor.log_in()
    visitor.get("/put")
    issuer.mfa.enroll(SUB)
    issuer.mfa.audiences.add(OTHER_API)
    return visitor


def asked(person: Person) -> str:
    """The token of the second factor that an API wants."""

    async def ask(client: t.Any) -> t.Any:
        with pytest.raises(MfaRequiredError) as caught:
            await client.get_access_token(audience=OTHER_API)
        return caught.value.mfa_token

    return str(person.gets(ask))


def verify(person: Person, **options: t.Any) -> t.Any:
    options = {"otp": "123456", "mfa_token": asked(person), **options}
    return person.does(lambda client: client.mfa.verify(options))


def test_it_ends_no_session(somebody: Person) -> None:
    assert verify(somebody).status_code == 200
    assert somebody.user()["sub"] == SUB
    assert somebody.fetch("/cart").get_json() == {"cart": "book"}


def test_it_adds_tokens_to_the_session(somebody: Person) -> None:
    before = somebody.fetch("/tokens").get_json()
    ids = {k: v for k, v in somebody.cookies().items() if k in {"session", "own"}}
    answer = verify(somebody, persist=True)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["user"]["amr"] == ["mfa"]
    assert somebody.user()["amr"] == ["mfa"]
    assert somebody.fetch("/cart").get_json() == {"cart": "book"}
    after = somebody.fetch("/tokens").get_json()
    assert set(after) == {*before, OTHER_API}
    assert after[OTHER_API]["access_token"] == answer.get_json()["told"]["access_token"]
    kept = somebody.cookies()
    if "own" in ids:
        assert kept["own"] == ids["own"]


def test_an_answer_without_an_id_token_adds_an_access_token(
    somebody: Person, issuer: Tenant
) -> None:
    mfa_token = asked(somebody)
    issuer.fail_next_token_request(200, b'{"access_token": "new", "expires_in": 60}')
    options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
    answer = somebody.does(lambda client: client.mfa.verify(options))
    assert answer.status_code == 200, answer.text
    assert somebody.user()["sub"] == SUB
    assert somebody.fetch("/tokens").get_json()[OTHER_API]["access_token"] == "new"
    assert somebody.fetch("/cart").get_json() == {"cart": "book"}


def test_a_later_refresh_is_of_the_same_user(somebody: Person, issuer: Tenant) -> None:
    assert verify(somebody, persist=True).status_code == 200
    assert somebody.gets(lambda client: refreshed(client, None))
    assert somebody.gets(lambda client: refreshed(client, OTHER_API))
    assert somebody.user()["sub"] == SUB


async def refreshed(client: t.Any, audience: str | None) -> t.Any:
    return await client.get_access_token(audience=audience, force_refresh=True)


def test_a_ceiling_of_the_new_id_token_holds(somebody: Person, issuer: Tenant) -> None:
    mfa_token = asked(somebody)
    issuer.extra_claims["session_expiry"] = int(time.time()) - 5
    options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
    somebody.does(lambda client: client.mfa.verify(options))
    assert somebody.user() is None


def test_another_persons_factor_is_their_login(
    somebody: Person, issuer: Tenant
) -> None:
    before = somebody.fetch("/tokens").get_json()
    mfa_token = asked(somebody)
    issuer.extra_claims["sub"] = "auth0|grace"
    options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
    answer = somebody.does(lambda client: client.mfa.verify(options))
    assert answer.status_code == 200, answer.text
    assert somebody.user()["sub"] == "auth0|grace"
    assert somebody.fetch("/cart").get_json() == {"cart": None}
    after = somebody.fetch("/tokens").get_json()
    tokens = [each["access_token"] for each in before.values()]
    assert not [e for e in after.values() if e["access_token"] in tokens]


def test_a_bad_id_token_changes_nothing(somebody: Person, issuer: Tenant) -> None:
    before = somebody.fetch("/tokens").get_json()
    mfa_token = asked(somebody)
    issuer.extra_claims["aud"] = "another-client"
    options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
    answer = somebody.does(lambda client: client.mfa.verify(options))
    assert (answer.status_code, answer.get_json()["error"]) == (502, "invalid_response")
    assert somebody.fetch("/tokens").get_json() == before
    assert "amr" not in somebody.user()


# Where nobody is logged in


def test_it_is_a_login_where_nobody_is_logged_in(
    visitor: Person, issuer: Tenant
) -> None:
    visitor.get("/put")
    before = visitor.cookies()
    issuer.mfa.enroll(SUB)
    mfa_token = visitor.passwordless().get_json()["mfa_token"]
    assert visitor.user() is None
    options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
    answer = visitor.does(lambda client: client.mfa.verify(options))
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["user"]["amr"] == ["mfa"]
    assert visitor.user()["sub"] == SUB
    assert visitor.fetch("/cart").get_json() == {"cart": "book"}
    if "own" not in visitor.cookies():
        assert visitor.cookies()["session"] != before["session"]


def test_without_an_id_token_nobody_is_logged_in(
    visitor: Person, issuer: Tenant
) -> None:
    visitor.get("/put")
    issuer.mfa.enroll(SUB)
    mfa_token = visitor.passwordless().get_json()["mfa_token"]
    issuer.fail_next_token_request(200, b'{"access_token": "new", "expires_in": 60}')
    options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
    answer = visitor.does(lambda client: client.mfa.verify(options))
    assert (answer.status_code, answer.get_json()["error"]) == (502, "invalid_response")
    assert visitor.user() is None
    assert visitor.fetch("/cart").get_json() == {"cart": "book"}


def test_a_ceiling_in_the_past_is_no_login(visitor: Person, issuer: Tenant) -> None:
    issuer.mfa.enroll(SUB)
    mfa_token = visitor.passwordless().get_json()["mfa_token"]
    issuer.extra_claims["session_expiry"] = int(time.time()) - 5
    options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
    visitor.does(lambda client: client.mfa.verify(options))
    assert visitor.user() is None


def test_factors_are_listed_enrolled_and_challenged(
    visitor: Person, issuer: Tenant
) -> None:
    issuer.mfa.required.add(SUB)
    required = visitor.passwordless().get_json()
    assert {"type": "otp"} in required["mfa_requirements"]["enroll"]
    mfa = {"mfa_token": required["mfa_token"]}
    new = visitor.gets(
        lambda client: client.mfa.enroll_authenticator(
            {**mfa, "factor_type": "sms", "phone_number": "+14155550100"}
        )
    )
    code = issuer.inbox.messages("+14155550100")[-1].code
    options = {**mfa, "oob_code": new["oob_code"], "binding_code": code}
    visitor.gets(lambda client: client.mfa.verify({**options, "persist": True}))
    assert visitor.user()["sub"] == SUB
    visitor.client = visitor.app.test_client()
    mfa = {"mfa_token": visitor.passwordless().get_json()["mfa_token"]}
    (listed, *_) = visitor.gets(lambda client: client.mfa.list_authenticators(mfa))
    challenge = {**mfa, "factor_type": "sms", "authenticator_id": listed["id"]}
    told = visitor.gets(lambda client: client.mfa.challenge_authenticator(challenge))
    assert told["challenge_type"] == "oob"
