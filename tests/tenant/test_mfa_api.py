"""The MFA API: a login without a redirect that needs a second factor."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from auth0_server_python.auth_types import VerifyPasswordlessOtpOptions
from auth0_server_python.error import MfaRequiredError, MfaVerifyError

from flask_auth0.tenant import Client, Tenant, TenantServer
from flask_auth0.tenant.mfa import totp
from tests.tenant.flow import AUDIENCE, Flow
from tests.tenant.sdk import play, sdk_client

ADA = "auth0|ada"
OTP = "http://auth0.com/oauth/grant-type/mfa-otp"
OOB = "http://auth0.com/oauth/grant-type/mfa-oob"
RECOVERY = "http://auth0.com/oauth/grant-type/mfa-recovery-code"


def waiting(flow: Flow) -> Any:
    """The answer to a login that needs a second factor."""
    response = flow.passwordless()
    assert response.status_code == 403, response.text
    assert response.json()["error"] == "mfa_required"
    return response.json()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def associate(flow: Flow, token: str, **members: Any) -> httpx.Response:
    return flow.http.post("/mfa/associate", json=members, headers=bearer(token))


def listed(flow: Flow, token: str) -> Any:
    return flow.http.get("/mfa/authenticators", headers=bearer(token)).json()


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def test_nobody_is_asked_without_need(flow: Flow) -> None:
    assert flow.passwordless().status_code == 200


def test_code_of_an_app(flow: Flow, tenant: Tenant) -> None:
    tenant.mfa.enroll(ADA)
    answer = waiting(flow)
    assert answer["mfa_requirements"] == {"challenge": [{"type": "otp"}]}
    token = answer["mfa_token"]
    challenge = flow.call("/mfa/challenge", mfa_token=token, challenge_type="otp oob")
    assert challenge.json() == {"challenge_type": "otp"}
    tokens = flow.grant(OTP, mfa_token=token, otp=tenant.mfa.code).json()
    claims = tenant.keys.claims(tokens["id_token"]) or {}
    assert (claims["sub"], claims["amr"]) == (ADA, ["mfa"])
    assert claims["acr"].endswith("/multi-factor")
    assert tokens["refresh_token"]
    assert error_of(flow.grant(OTP, mfa_token=token, otp=tenant.mfa.code)) == (
        403,
        "invalid_grant",
    )


def test_real_codes_of_an_app(flow: Flow, tenant: Tenant) -> None:
    secret = tenant.mfa.enroll(ADA).secret
    token = waiting(flow)["mfa_token"]
    late = totp(secret, int(time.time()) // 30 - 10)
    wrong = flow.grant(OTP, mfa_token=token, otp=late)
    assert error_of(wrong) == (403, "invalid_grant")
    assert wrong.json()["error_description"] == "Invalid otp_code."
    code = totp(secret, int(time.time()) // 30)
    assert flow.grant(OTP, mfa_token=token, otp=code).status_code == 200


def test_totp_is_that_of_the_specification() -> None:
    # RFC 6238, appendix B, of whose eight digits these are the last six.
    assert totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59 // 30) == "287082"


def test_enrolling_an_app(flow: Flow, tenant: Tenant) -> None:
    tenant.mfa.required.add(ADA)
    answer = waiting(flow)
    assert {"type": "otp"} in answer["mfa_requirements"]["enroll"]
    token = answer["mfa_token"]
    challenge = flow.call("/mfa/challenge", mfa_token=token, challenge_type="otp")
    assert error_of(challenge) == (403, "association_required")
    enrolled = associate(flow, token, authenticator_types=["otp"]).json()
    assert enrolled["secret"] in enrolled["barcode_uri"]
    assert [each["active"] for each in listed(flow, token)] == [False, True]
    assert flow.grant(OTP, mfa_token=token, otp="123456").status_code == 200
    again = waiting(flow)["mfa_token"]
    assert [each["active"] for each in listed(flow, again)] == [True, True]
    more = associate(flow, again, authenticator_types=["otp"])
    assert error_of(more) == (401, "access_denied")
    (code,) = enrolled["recovery_codes"]
    tokens = flow.grant(RECOVERY, mfa_token=again, recovery_code=code).json()
    assert tokens["access_token"]
    assert tokens["recovery_code"] != code
    again = waiting(flow)["mfa_token"]
    used = flow.grant(RECOVERY, mfa_token=again, recovery_code=code)
    assert error_of(used) == (403, "invalid_grant")


@pytest.mark.parametrize(
    ("channel", "members", "address"),
    [
        ("sms", {"phone_number": "+14155550100"}, "+14155550100"),
        ("email", {}, "ada@example.com"),
    ],
)
def test_enrolling_an_address(
    flow: Flow, tenant: Tenant, channel: str, members: Any, address: str
) -> None:
    tenant.mfa.required.add(ADA)
    token = waiting(flow)["mfa_token"]
    types: dict[str, Any] = {
        "authenticator_types": ["oob"],
        "oob_channels": [channel],
    }
    enrolled = associate(flow, token, **types, **members).json()
    assert enrolled["oob_channel"] == channel
    fields = {"mfa_token": token, "oob_code": enrolled["oob_code"]}
    wrong = flow.grant(OOB, **fields, binding_code="x")
    assert wrong.json()["error_description"] == "Invalid binding_code."
    code = tenant.inbox.messages(address)[-1].code
    assert flow.grant(OOB, **fields, binding_code=code).status_code == 200


def test_code_that_is_sent(flow: Flow, tenant: Tenant) -> None:
    tenant.mfa.enroll(ADA)
    phone = tenant.mfa.enroll(ADA, "sms", "+14155550100")
    token = waiting(flow)["mfa_token"]
    described = listed(flow, token)[1]
    assert described["id"] == phone.id
    assert described["name"] == "XXXXXXXX0100"
    challenge = flow.call(
        "/mfa/challenge",
        mfa_token=token,
        challenge_type="oob",
        authenticator_id=phone.id,
    ).json()
    assert challenge["binding_method"] == "prompt"
    code = tenant.inbox.messages("+14155550100")[-1].code
    fields = {"oob_code": challenge["oob_code"], "binding_code": code}
    other = waiting(flow)["mfa_token"]
    assert flow.grant(OOB, mfa_token=other, **fields).status_code == 403
    assert flow.grant(OOB, mfa_token=token, **fields).status_code == 200
    assert flow.grant(OOB, mfa_token=other, **fields).status_code == 403


def test_authenticator_of_nobody(flow: Flow, tenant: Tenant) -> None:
    tenant.mfa.enroll(ADA)
    token = waiting(flow)["mfa_token"]
    response = flow.call("/mfa/challenge", mfa_token=token, challenge_type="oob")
    assert error_of(response) == (403, "unsupported_challenge_type")


def test_token_that_waited_too_long(flow: Flow, tenant: Tenant) -> None:
    tenant.mfa.enroll(ADA)
    token = waiting(flow)["mfa_token"]
    tenant.mfa.lifetime = 0
    expired = flow.grant(OTP, mfa_token=token, otp="123456")
    assert error_of(expired) == (401, "expired_token")
    response = flow.http.get("/mfa/authenticators", headers=bearer(token))
    assert error_of(response) == (401, "expired_token")


def test_token_of_another_client(flow: Flow, server: TenantServer) -> None:
    server.tenant.mfa.enroll(ADA)
    token = waiting(flow)["mfa_token"]
    other = Client()
    server.tenant.clients.append(other)
    with Flow(server, other) as thief:
        response = thief.grant(OTP, mfa_token=token, otp="123456")
    assert error_of(response) == (403, "invalid_grant")


def test_removing_an_authenticator(flow: Flow, tenant: Tenant) -> None:
    tokens = flow.tokens(
        audience=f"{tenant.issuer}mfa/",
        scope="openid read:authenticators remove:authenticators",
    )
    app = tenant.mfa.enroll(ADA)
    path, token = f"/mfa/authenticators/{app.id}", tokens["access_token"]
    waits = waiting(flow)["mfa_token"]
    assert flow.http.delete(path, headers=bearer(waits)).status_code == 401
    assert [each["id"] for each in listed(flow, token)] == [app.id]
    assert flow.http.delete(path, headers=bearer(token)).status_code == 204
    assert listed(flow, token) == []
    assert flow.http.delete(path, headers=bearer(token)).status_code == 404


def test_refresh_that_asks_for_more(flow: Flow, tenant: Tenant) -> None:
    tenant.mfa.enroll(ADA)
    tenant.mfa.audiences.add(AUDIENCE)
    tenant.next_login = ADA
    code = flow.authorize().headers["location"].partition("code=")[2].split("&")[0]
    tokens = flow.exchange(code).json()
    # The browser has shown a second factor, which goes for the refresh as well.
    assert flow.refresh(tokens["refresh_token"], audience=AUDIENCE).status_code == 200


def test_refresh_is_not_spent_when_it_asks_for_more(flow: Flow, tenant: Tenant) -> None:
    tokens = flow.tokens()
    tenant.mfa.enroll(ADA)
    tenant.mfa.audiences.add(AUDIENCE)
    response = flow.refresh(tokens["refresh_token"], audience=AUDIENCE)
    assert error_of(response) == (403, "mfa_required")
    fields = {"mfa_token": response.json()["mfa_token"], "otp": "123456"}
    done = flow.grant(OTP, **fields).json()
    claims = tenant.keys.claims(done["access_token"]) or {}
    assert AUDIENCE in claims["aud"]
    id_claims = tenant.keys.claims(done["id_token"]) or {}
    assert id_claims["sid"] == tenant.sessions()[0].sid
    assert flow.refresh(tokens["refresh_token"]).status_code == 200


def test_with_the_sdk(server: TenantServer) -> None:
    tenant, client = server.tenant, sdk_client(server)
    app = tenant.mfa.enroll(ADA)

    async def log_in() -> None:
        tenant.inbox.send("ada@example.com", "email")
        code = tenant.passwordless.new(tenant.client.client_id, "ada@example.com")
        options = VerifyPasswordlessOtpOptions(
            connection="email", email="ada@example.com", verification_code=code
        )
        with pytest.raises(MfaRequiredError) as caught:
            await client.passwordless.verify(options)
        mfa = {"mfa_token": caught.value.mfa_token}
        (listed,) = await client.mfa.list_authenticators(mfa)
        assert listed.id == app.id
        await client.mfa.challenge_authenticator({**mfa, "factor_type": "otp"})
        with pytest.raises(MfaVerifyError, match="Invalid otp_code"):
            await client.mfa.verify({**mfa, "otp": "000000"})
        await client.mfa.verify({**mfa, "otp": tenant.mfa.code, "persist": True})
        user = await client.get_user()
        assert (user["sub"], user["amr"]) == (ADA, ["mfa"])

    play(client, log_in)
