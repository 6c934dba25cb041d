"""Codes and links that stand for a password."""

from __future__ import annotations

import httpx
import pytest
from auth0_server_python.auth_types import (
    StartPasswordlessEmailOptions,
    StartPasswordlessSmsOptions,
    VerifyPasswordlessOtpOptions,
)
from auth0_server_python.error import PasswordlessStartError, PasswordlessVerifyError

from flask_auth0.tenant import Tenant, TenantServer
from tests.tenant.flow import CALLBACK, Flow, code_of
from tests.tenant.sdk import play, sdk_client

GRANT = "http://auth0.com/oauth/grant-type/passwordless/otp"
ADA = "ada@example.com"


def start(flow: Flow, **members: str) -> httpx.Response:
    given = {"connection": "email", "email": ADA, "send": "code"}
    return flow.call("/passwordless/start", **{**given, **members})


def verify(flow: Flow, code: str, **fields: str) -> httpx.Response:
    given = {"realm": "email", "username": ADA, "otp": code, "scope": "openid"}
    return flow.grant(GRANT, **{**given, **fields})


def test_code_by_email(flow: Flow, tenant: Tenant) -> None:
    started = start(flow).json()
    assert (started["email"], started["email_verified"]) == (ADA, True)
    code = tenant.inbox.messages(ADA)[-1].code
    assert code in flow.http.get(f"/inbox/{ADA}").text
    assert code in flow.http.get("/inbox").text
    claims = tenant.keys.claims(verify(flow, code).json()["id_token"]) or {}
    assert claims["sub"] == "auth0|ada"
    assert claims["sid"] == tenant.sessions()[0].sid
    used = verify(flow, code)
    assert (used.status_code, used.json()["error"]) == (403, "invalid_grant")


def test_wrong_codes(flow: Flow, tenant: Tenant) -> None:
    start(flow)
    code = tenant.inbox.messages(ADA)[-1].code
    for _ in range(3):
        wrong = verify(flow, "x").json()
        assert wrong["error_description"] == "Wrong email or verification code."
    assert "maximum number" in verify(flow, code).json()["error_description"]


def test_only_the_newest_code_counts(flow: Flow, tenant: Tenant) -> None:
    start(flow)
    start(flow)
    first, second = tenant.inbox.messages(ADA)
    if first.code != second.code:
        assert verify(flow, first.code).status_code == 403
    assert verify(flow, second.code).status_code == 200


def test_code_that_is_too_old(flow: Flow, tenant: Tenant) -> None:
    start(flow)
    tenant.passwordless.lifetime = 0
    answer = verify(flow, tenant.inbox.messages(ADA)[-1].code).json()
    assert "has expired" in answer["error_description"]


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"connection": "fax"}, "bad.connection"),
        ({"email": "ada"}, "bad.email"),
        ({"connection": "sms", "phone_number": "0"}, "bad.phone_number"),
        ({"connection": "sms"}, "invalid_request"),
    ],
)
def test_requests_that_are_refused(
    flow: Flow, members: dict[str, str], error: str
) -> None:
    response = start(flow, **members)
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_only_apps_may_ask(flow: Flow) -> None:
    response = flow.http.post("/passwordless/start", json={"connection": "email"})
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_link(flow: Flow, tenant: Tenant) -> None:
    parameters = {"response_type": "code", "redirect_uri": CALLBACK, "state": "s"}
    flow.call(
        "/passwordless/start",
        connection="email",
        email=ADA,
        send="link",
        authParams={**parameters, "scope": "openid"},
    )
    link = tenant.inbox.messages(ADA)[-1].link
    response = flow.http.get(link)
    assert "verification_code" not in response.headers["location"]
    code = code_of(flow.http.get(response.headers["location"]))
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    tokens = flow.http.post("/oauth/token", data=form, auth=flow.credentials).json()
    claims = tenant.keys.claims(tokens["id_token"]) or {}
    assert claims["sub"] == "auth0|ada"
    used = flow.http.get(link)
    assert used.status_code == 403
    assert "This link is not good any more" in used.text


def test_codes_with_the_sdk(server: TenantServer) -> None:
    tenant, client = server.tenant, sdk_client(server)

    async def log_in() -> None:
        await client.passwordless.start(StartPasswordlessEmailOptions(email=ADA))
        wrong = VerifyPasswordlessOtpOptions(
            connection="email", email=ADA, verification_code="x"
        )
        with pytest.raises(PasswordlessVerifyError, match="Wrong email"):
            await client.passwordless.verify(wrong)
        code = tenant.inbox.messages(ADA)[-1].code
        right = wrong.model_copy(update={"verification_code": code})
        await client.passwordless.verify(right)
        assert (await client.get_user())["email"] == ADA
        with pytest.raises(PasswordlessStartError, match="format"):
            await client.passwordless.start(StartPasswordlessEmailOptions(email="@"))

    play(client, log_in)


def test_codes_by_sms_with_the_sdk(server: TenantServer) -> None:
    tenant, client = server.tenant, sdk_client(server)
    number = "+14155550100"

    async def log_in() -> None:
        options = StartPasswordlessSmsOptions(phone_number=number)
        await client.passwordless.start(options)
        code = tenant.inbox.messages(number)[-1].code
        await client.passwordless.verify(
            VerifyPasswordlessOtpOptions(
                connection="sms", phone_number=number, verification_code=code
            )
        )
        user = await client.get_user()
        assert user["sub"].startswith("sms|")
        assert user["name"] == number
        assert user["email"] is None

    play(client, log_in)


def test_links_with_the_sdk(server: TenantServer, flow: Flow) -> None:
    tenant, client = server.tenant, sdk_client(server)

    async def log_in() -> None:
        options = StartPasswordlessEmailOptions(email=ADA, send="link")
        await client.passwordless.start(options, store_options={})
        link = tenant.inbox.messages(ADA)[-1].link
        response = flow.http.get(link)
        response = flow.http.get(response.headers["location"])
        await client.complete_interactive_login(response.headers["location"])
        assert (await client.get_user())["email"] == ADA

    play(client, log_in)
