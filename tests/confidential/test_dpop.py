"""Access tokens that are bound to a key of the app (RFC 9449), as the SDK has them."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from uuid import uuid4

import pytest
from auth0_server_python.auth_types import PasskeyAuthResponse, PasskeyUserProfile
from auth0_server_python.error import MfaRequiredError
from jwcrypto import jwk

from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp, MakeVisitor
from tests.tenant.authenticator import Authenticator

from .ways import API, add_views, by_key, by_secret


@pytest.fixture(params=[None, "a-nonce"], ids=["plain", "nonce"])
def nonce(request: pytest.FixtureRequest, tenant: TenantServer) -> Iterator[str | None]:
    """What each proof must have, so that the first one is refused, or ``None``."""
    tenant.tenant.dpop_nonce = request.param
    yield request.param
    tenant.tenant.dpop_nonce = None


@pytest.mark.parametrize("way", [by_secret, by_key])
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_passkey_and_one_more_factor(
    tenant: TenantServer,
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    nonce: str | None,
    way: t.Any,
    path: str,
) -> None:
    app = make_app(audience=API, **way(tenant))
    add_views(app)
    key, authenticator = jwk.JWK.generate(kty="EC", crv="P-256"), Authenticator()
    mfa = tenant.tenant.mfa

    async def answer(client: t.Any) -> tuple[str, t.Any]:
        started = await client.passkey_login_challenge()
        options = started.authn_params_public_key.model_dump()
        return started.auth_session, PasskeyAuthResponse(**authenticator.get(options))

    async def scene(client: t.Any) -> None:
        profile = PasskeyUserProfile(email=f"{uuid4()}@example.com", name="Eve")
        new = await client.passkey_signup_challenge(profile)
        created = authenticator.create(new.authn_params_public_key.model_dump())
        done = await client.signin_with_passkey(
            new.auth_session,
            PasskeyAuthResponse(**created),
            scope="openid",
            audience=API,
            dpop_key=key,
        )
        (found,) = done.state_data["token_sets"]
        bound = tenant.tenant.keys.claims(found["access_token"]) or {}
        assert bound["cnf"] == {"jkt": key.thumbprint()}
        mfa.enroll(done.state_data["user"]["sub"])
        with pytest.raises(MfaRequiredError) as caught:
            await client.signin_with_passkey(
                *(await answer(client)), scope="openid", dpop_key=key
            )
        asked = {"mfa_token": caught.value.mfa_token, "otp": mfa.code}
        verified = await client.mfa.verify(asked, dpop_key=key)
        assert verified.token_type == "DPoP"

    app.config["SCENE"] = scene
    response = make_visitor(app).fetch(path)
    assert response.status_code == 200, response.text
