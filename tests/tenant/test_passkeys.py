"""Passkeys: signing up with one, logging in with it, and adding one."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from auth0_server_python.auth_server.my_account_client import MyAccountClient
from auth0_server_python.auth_types import (
    EnrollAuthenticationMethodRequest,
    PasskeyAuthResponse,
    PasskeyUserProfile,
    UpdateAuthenticationMethodRequest,
    VerifyAuthenticationMethodRequest,
)
from auth0_server_python.error import MfaRequiredError, PasskeyError
from jwcrypto import jwk

from flask_auth0.tenant import Tenant, TenantServer, cbor
from tests.tenant.authenticator import Authenticator
from tests.tenant.flow import AUDIENCE, Flow
from tests.tenant.sdk import play, sdk_client

GRANT = "urn:okta:params:oauth:grant-type:webauthn"
EVE = {"email": "eve@example.com", "name": "Eve"}


def options_of(answer: Any) -> dict[str, Any]:
    options: dict[str, Any] = answer["authn_params_public_key"]
    return options


def sign_up(flow: Flow, authenticator: Authenticator) -> httpx.Response:
    started = flow.call("/passkey/register", user_profile=EVE).json()
    return exchange(flow, started, authenticator.create(options_of(started)))


def exchange(flow: Flow, started: Any, answer: Any) -> httpx.Response:
    return flow.call(
        "/oauth/token",
        grant_type=GRANT,
        auth_session=started["auth_session"],
        authn_response=answer,
        scope="openid profile email",
    )


def challenged(flow: Flow) -> Any:
    return flow.call("/passkey/challenge").json()


def refused(response: httpx.Response) -> str:
    assert response.status_code == 403, response.text
    assert response.json()["error"] == "invalid_grant"
    description: str = response.json()["error_description"]
    return description


def test_signing_up_and_logging_in(flow: Flow, tenant: Tenant) -> None:
    authenticator = Authenticator()
    claims = tenant.keys.claims(sign_up(flow, authenticator).json()["id_token"]) or {}
    assert claims["name"] == "Eve"
    started = challenged(flow)
    answer = authenticator.get(options_of(started))
    tokens = exchange(flow, started, answer).json()
    again = tenant.keys.claims(tokens["id_token"]) or {}
    assert again["sub"] == claims["sub"]
    assert "auth_session" in refused(exchange(flow, started, answer))


@pytest.mark.parametrize("email", ["ada@example.com", "", "x"])
def test_nobody_signs_up_as_somebody(flow: Flow, email: str) -> None:
    response = flow.call("/passkey/register", user_profile={"email": email})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_challenges_are_for_apps(flow: Flow) -> None:
    assert flow.http.post("/passkey/challenge", json={}).status_code == 401


def test_signature_of_another_key(flow: Flow) -> None:
    authenticator, thief = Authenticator(), Authenticator()
    sign_up(flow, authenticator)
    thief.id = authenticator.id
    started = challenged(flow)
    answer = thief.get(options_of(started))
    assert "signature" in refused(exchange(flow, started, answer))


def test_unknown_key(flow: Flow) -> None:
    started = challenged(flow)
    answer = Authenticator().get(options_of(started))
    assert "not known" in refused(exchange(flow, started, answer))


def test_challenge_of_another_session(flow: Flow) -> None:
    authenticator = Authenticator()
    sign_up(flow, authenticator)
    answer = authenticator.get(options_of(challenged(flow)))
    assert "challenge" in refused(exchange(flow, challenged(flow), answer))


def test_signature_of_something_else(flow: Flow) -> None:
    authenticator = Authenticator()
    sign_up(flow, authenticator)
    started = challenged(flow)
    answer = authenticator.get(options_of(started))
    changed = authenticator.get(options_of(started))
    answer["response"]["authenticatorData"] = changed["response"]["authenticatorData"]
    assert "signature" in refused(exchange(flow, started, answer))


@pytest.mark.parametrize("origin", ["https://evil.example", "http://notlocalhost"])
def test_page_of_another_site(flow: Flow, origin: str) -> None:
    authenticator = Authenticator()
    sign_up(flow, authenticator)
    authenticator.origin = origin
    started = challenged(flow)
    answer = authenticator.get(options_of(started))
    assert "origin" in refused(exchange(flow, started, answer))


def test_key_for_another_site(flow: Flow) -> None:
    authenticator = Authenticator()
    sign_up(flow, authenticator)
    authenticator.rp_id = "evil.example"
    started = challenged(flow)
    answer = authenticator.get(options_of(started))
    assert "relying party" in refused(exchange(flow, started, answer))


def test_copy_of_a_key(flow: Flow) -> None:
    authenticator = Authenticator()
    sign_up(flow, authenticator)
    for expected in (200, 403):
        started = challenged(flow)
        authenticator.count = 6
        answer = authenticator.get(options_of(started))
        assert exchange(flow, started, answer).status_code == expected


@pytest.mark.parametrize(
    "change",
    [
        {"attestationObject": b""},
        {"attestationObject": b"\xa0"},
        {"attestationObject": b"\xa1\x68authData\x41\x00"},
        {"clientDataJSON": b"{"},
        {"clientDataJSON": b"[]"},
    ],
)
def test_new_key_that_is_none(flow: Flow, change: dict[str, bytes]) -> None:
    started = flow.call("/passkey/register", user_profile=EVE).json()
    answer = Authenticator().create(options_of(started))
    (name,) = change
    answer["response"][name] = change[name].hex()
    refused(exchange(flow, started, answer))


@pytest.mark.parametrize("answer", [None, [], {}, {"id": "x", "response": 1}])
def test_answer_that_is_none(flow: Flow, answer: Any) -> None:
    assert "complete" in refused(exchange(flow, challenged(flow), answer))


def test_cbor() -> None:
    assert cbor.decode(b"\x82\x19\x01\x00\xf5x") == ([256, True], b"x")
    for wrong in (b"", b"\x19\x01", b"\x5f", b"\x42a", b"\xc0", b"\x81"):
        with pytest.raises(ValueError, match="CBOR"):
            cbor.decode(wrong)


# With the SDK


def parsed(answer: dict[str, Any]) -> PasskeyAuthResponse:
    return PasskeyAuthResponse(**answer)


def test_with_the_sdk(server: TenantServer) -> None:
    client, authenticator = sdk_client(server), Authenticator()

    async def sign_up_and_in() -> None:
        profile = PasskeyUserProfile(**EVE)
        new = await client.passkey_signup_challenge(profile)
        options = new.authn_params_public_key.model_dump()
        await client.signin_with_passkey(
            new.auth_session,
            parsed(authenticator.create(options)),
            scope="openid email",
        )
        assert (await client.get_user())["email"] == EVE["email"]
        started = await client.passkey_login_challenge()
        answer = parsed(authenticator.get(started.authn_params_public_key.model_dump()))
        await client.signin_with_passkey(started.auth_session, answer, scope="openid")
        with pytest.raises(PasskeyError, match="auth_session"):
            await client.signin_with_passkey(started.auth_session, answer)

    play(client, sign_up_and_in)


@pytest.mark.parametrize("nonce", [None, "a-nonce"])
def test_second_factor_and_dpop_with_the_sdk(
    server: TenantServer, nonce: str | None
) -> None:
    tenant, client, authenticator = server.tenant, sdk_client(server), Authenticator()
    key = jwk.JWK.generate(kty="EC", crv="P-256")
    tenant.dpop_nonce = nonce
    with Flow(server) as flow:
        tenant.dpop_nonce = None
        claims = tenant.keys.claims(sign_up(flow, authenticator).json()["id_token"])
    tenant.dpop_nonce = nonce
    assert claims is not None

    async def log_in() -> None:
        for kwargs in ({}, {"audience": AUDIENCE}):
            tenant.mfa.required.discard(claims["sub"])
            started = await client.passkey_login_challenge()
            options = started.authn_params_public_key.model_dump()
            done = await client.signin_with_passkey(
                started.auth_session,
                parsed(authenticator.get(options)),
                scope="openid",
                dpop_key=key,
                **kwargs,
            )
            (token_set,) = done.state_data["token_sets"]
        bound = tenant.keys.claims(token_set["access_token"]) or {}
        assert bound["cnf"] == {"jkt": key.thumbprint()}
        tenant.mfa.enroll(claims["sub"])
        started = await client.passkey_login_challenge()
        options = started.authn_params_public_key.model_dump()
        with pytest.raises(MfaRequiredError) as caught:
            await client.signin_with_passkey(
                started.auth_session,
                parsed(authenticator.get(options)),
                scope="openid",
                dpop_key=key,
            )
        mfa = {"mfa_token": caught.value.mfa_token, "otp": tenant.mfa.code}
        verified = await client.mfa.verify(mfa, dpop_key=key)
        assert verified.token_type == "DPoP"

    play(client, log_in)


SCOPES = " ".join(
    ["openid", "read:me:factors"]
    + [
        f"{verb}:me:authentication-methods"
        for verb in ("create", "read", "update", "delete")
    ]
)


def test_adding_one_with_the_sdk(server: TenantServer, flow: Flow) -> None:
    api, authenticator = MyAccountClient(server.domain), Authenticator()
    audience = f"{server.tenant.issuer}me/"
    token = flow.tokens(audience=audience, scope=SCOPES)["access_token"]

    async def add() -> None:
        (factor,) = (await api.get_factors(token)).factors
        assert factor.type == "passkey"
        request = EnrollAuthenticationMethodRequest(type="passkey")
        begun = await api.enroll_authentication_method(token, request)
        assert begun.authn_params_public_key is not None
        options = begun.authn_params_public_key.model_dump()
        done = await api.verify_authentication_method(
            token,
            begun.authentication_method_id,
            VerifyAuthenticationMethodRequest(
                auth_session=begun.auth_session,
                authn_response=parsed(authenticator.create(options)),
            ),
        )
        listed = await api.list_authentication_methods(token)
        assert [each.id for each in listed.authentication_methods] == [done.id]
        name = UpdateAuthenticationMethodRequest(name="Phone")
        await api.update_authentication_method(token, done.id, name)
        found = await api.get_authentication_method(token, done.id)
        assert found.name == "Phone"
        started = challenged(flow)
        answer = authenticator.get(options_of(started))
        assert exchange(flow, started, answer).status_code == 200
        await api.delete_authentication_method(token, done.id)
        assert server.tenant.passkeys.of("auth0|ada") == []

    asyncio.run(add())
