"""A script asks for a second factor, whose token it never sees unsealed."""

from __future__ import annotations

import typing as t

import pytest

from flask_auth0.tenant import Tenant
from tests.harness.visitor import GRACE

from .conftest import OTHER_SUB, PAYMENTS, SUB, Page, refusal

NUMBER = "+14155550100"


def associate(page: Page, token: str) -> str:
    """Enroll a phone, and return what its code is sent with."""
    told = page.told(
        "/mfa/associate",
        mfa_token=token,
        authenticator_types=["oob"],
        oob_channels=["sms"],
        phone_number=NUMBER,
    )
    assert told["authenticator_type"] == "oob"
    return str(told["oob_code"])


@pytest.mark.parametrize("mode", ["cookies", "redis"])
def test_a_phone_is_enrolled_and_asked_later(page: Page, issuer: Tenant) -> None:
    issuer.mfa.required.add(SUB)
    token = page.mfa_token()
    oob_code = associate(page, token)
    given = {"mfa_token": token, "oob_code": oob_code}
    given["binding_code"] = str(issuer.inbox.messages(NUMBER)[-1].code)
    told = page.told("/mfa/verify", **given, next="/profile")
    assert (told["success"], told["next"]) == (True, "/profile")
    assert page.user()["amr"] == ["mfa"]
    page.get("/logout")
    token = page.mfa_token()
    assert page.sub() is None
    (factor, *_) = page.told("/mfa/authenticators", mfa_token=token)
    assert (factor["authenticator_type"], factor["active"]) == ("oob", True)
    sent = page.told(
        "/mfa/challenge",
        mfa_token=token,
        challenge_type="oob",
        authenticator_id=factor["id"],
    )
    given = {"mfa_token": token, "oob_code": sent["oob_code"]}
    given["binding_code"] = str(issuer.inbox.messages(NUMBER)[-1].code)
    page.told("/mfa/verify", **given)
    assert page.sub() == SUB


def test_an_app_is_enrolled(page: Page, issuer: Tenant) -> None:
    issuer.mfa.required.add(SUB)
    token = page.mfa_token()
    begun = page.told("/mfa/associate", mfa_token=token, authenticator_types=["otp"])
    assert begun["barcode_uri"].startswith("otpauth://")
    assert page.told("/mfa/verify", mfa_token=token, otp="123456")["success"]
    page.get("/logout")
    token, (code, *_) = page.mfa_token(), begun["recovery_codes"]
    told = page.told("/mfa/verify", mfa_token=token, recovery_code=code)
    # The tenant gives a new one in its place.
    assert told["recovery_code"] != code


@pytest.mark.parametrize("mode", ["cookies", "redis"])
def test_a_factor_adds_to_the_session_of_its_user(page: Page, issuer: Tenant) -> None:
    page.log_in()
    page.get("/put")
    issuer.mfa.enroll(SUB)
    issuer.mfa.audiences.add(PAYMENTS)
    answer = page.ask(f"/access-token?audience={PAYMENTS}")
    assert refusal(answer) == (401, "mfa_required")
    token = answer.get_json()["mfa_token"]
    page.told("/mfa/verify", mfa_token=token, otp="123456")
    assert page.ask(f"/access-token?audience={PAYMENTS}").status_code == 200
    assert page.ask("/session").get_json()["cart"] == "book"


def test_another_users_factor_is_the_login_of_that_user(
    page: Page, issuer: Tenant
) -> None:
    issuer.mfa.enroll(SUB)
    token = page.mfa_token()
    page.log_in(GRACE)
    page.get("/put")
    before = page.ask("/session").get_json()
    page.told("/mfa/verify", mfa_token=token, otp="123456")
    after = page.ask("/session").get_json()
    assert after["user"]["sub"] == SUB
    assert after["cart"] is None
    kept = {each["access_token"] for each in after["token_sets"]}
    assert not kept & {each["access_token"] for each in before["token_sets"]}


def test_the_tenants_own_token_stays_on_the_server(page: Page, issuer: Tenant) -> None:
    issuer.mfa.enroll(SUB)
    token = page.mfa_token()
    mfa = page.app.extensions["auth0"].client.mfa
    with page.app.test_request_context():
        raw = mfa.decrypt_mfa_token(token).mfa_token
    assert raw
    assert raw not in token
    answer = page.post("/mfa/verify", mfa_token=raw, otp="123456")
    assert refusal(answer) == (400, "mfa_token_invalid")
    assert page.sub() is None


def test_wrong_and_used_proofs(page: Page, issuer: Tenant) -> None:
    issuer.mfa.enroll(SUB)
    token = page.mfa_token()
    answer = page.post("/mfa/verify", mfa_token=token, otp="000000")
    assert refusal(answer) == (400, "invalid_grant")
    assert page.sub() is None
    page.told("/mfa/verify", mfa_token=token, otp="123456")
    page.log_in(GRACE)
    answer = page.post("/mfa/verify", mfa_token=token, otp="123456")
    assert refusal(answer) == (400, "mfa_token_invalid")
    assert page.sub() == OTHER_SUB


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("verify", {}),
        ("verify", {"otp": "1", "recovery_code": "2"}),
        ("verify", {"otp": "1", "binding_code": "2"}),
        ("verify", {"otp": 1}),
        ("verify", {"otp": "1", "persist": False}),
        ("verify", {"otp": "1", "audience": PAYMENTS}),
        ("challenge", {"challenge_type": "push"}),
        ("associate", {"authenticator_types": []}),
        ("associate", {"authenticator_types": ["otp", "oob"]}),
        ("associate", {"authenticator_types": ["oob"]}),
        ("associate", {"authenticator_types": ["otp"], "oob_channels": ["sms"]}),
    ],
)
def test_members_that_make_no_sense(
    page: Page, path: str, members: dict[str, t.Any]
) -> None:
    answer = page.post(f"/mfa/{path}", mfa_token="x", **members)
    assert refusal(answer) == (400, "invalid_request")
