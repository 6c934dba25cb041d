"""What an app asks its tenant for, in each way to prove who it is."""

from __future__ import annotations

import dataclasses
import re
import ssl
import tempfile
import typing as t
from pathlib import Path
from uuid import uuid4

import pytest
from auth0_server_python.auth_types import (
    CustomTokenExchangeOptions,
    PasskeyAuthResponse,
    PasskeyUserProfile,
    StartPasswordlessEmailOptions,
    VerifyPasswordlessOtpOptions,
)
from auth0_server_python.error import MfaRequiredError

from flask_auth0.client.thread_http import ThreadHttp
from flask_auth0.client.tls import make_context
from flask_auth0.config import read_config
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.accounts import ConnectedAccount
from flask_auth0.tenant.assertions import PrivateKeyJWT
from tests.harness.visitor import ADA, SECRET, MakeApp, MakeVisitor, Visitor
from tests.tenant.authenticator import Authenticator

from .ways import (
    API,
    OFFLINE,
    Scene,
    add_views,
    by_certificate,
    by_elliptic_key,
    by_key,
    by_own_certificate,
)


def play(visitor: Visitor, scene: Scene) -> None:
    """Play a scene in a view of each kind."""
    visitor.app.config["SCENE"] = scene
    for path in ("/sync", "/async"):
        response = visitor.fetch(path)
        assert response.status_code == 200, response.text


def test_logins_and_refreshes(
    visitor: Visitor, short_tokens: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_thread: list[str] = []
    post = ThreadHttp.post

    def watched(self: ThreadHttp, url: str, *args: t.Any) -> t.Any:
        in_thread.append(url)
        return post(self, url, *args)

    monkeypatch.setattr(ThreadHttp, "post", watched)
    # The first one finds out about the tenant, on the event loop.
    for count in (0, 1):
        assert visitor.log_in().status_code == 302
        assert len(in_thread) == count
        assert visitor.user()["email"] == ADA
        tokens = {visitor.fetch("/token").text for _ in range(2)}
        assert len(tokens) == 2
        visitor.get("/logout")


def test_logins_on_another_device(tenant: TenantServer, visitor: Visitor) -> None:
    tenant.tenant.backchannel_login_interval = 0

    async def scene(client: t.Any) -> None:
        options = {"login_hint": {"sub": "auth0|ada"}, "binding_message": "1815"}
        begun = await client.initiate_backchannel_authentication(options)
        logins = tenant.tenant.backchannel_logins
        logins.approve(logins.pending()[0].id)
        tokens = await client.backchannel_authentication_grant(begun["auth_req_id"])
        assert tokens["access_token"]

    play(visitor, scene)


def test_tokens_of_connections(tenant: TenantServer, visitor: Visitor) -> None:
    account = ConnectedAccount("github", "ada@github.example", ("repo",))
    tenant.tenant.accounts.connect("auth0|ada", account)
    visitor.log_in()

    async def scene(client: t.Any) -> str:
        return t.cast(
            str,
            await client.get_access_token_for_connection({"connection": "github"}),
        )

    play(visitor, scene)


def test_token_exchanges(tenant: TenantServer, visitor: Visitor) -> None:
    tenant.tenant.exchange.register("urn:acme:legacy", lambda token: "auth0|grace")
    options = CustomTokenExchangeOptions(
        subject_token="legacy-grace",
        subject_token_type="urn:acme:legacy",
        scope="openid",
    )

    async def scene(client: t.Any) -> None:
        assert (await client.custom_token_exchange(options)).access_token

    play(visitor, scene)


async def sign_up(client: t.Any) -> None:
    """Sign up with a new passkey."""
    profile = PasskeyUserProfile(email=f"{uuid4()}@example.com", name="Eve")
    new = await client.passkey_signup_challenge(profile)
    answer = Authenticator().create(new.authn_params_public_key.model_dump())
    await client.signin_with_passkey(
        new.auth_session, PasskeyAuthResponse(**answer), scope="openid email"
    )


def test_passkeys(visitor: Visitor) -> None:
    play(visitor, sign_up)


async def begin_with_code(tenant: TenantServer, client: t.Any) -> t.Any:
    """Let the tenant send a code, and return what proves that it has come."""
    await client.passwordless.start(StartPasswordlessEmailOptions(email=ADA))
    code = tenant.tenant.inbox.messages(ADA)[-1].code
    return VerifyPasswordlessOtpOptions(
        connection="email", email=ADA, verification_code=code
    )


def test_codes(tenant: TenantServer, visitor: Visitor) -> None:
    async def scene(client: t.Any) -> None:
        await client.passwordless.verify(await begin_with_code(tenant, client))

    play(visitor, scene)


@pytest.fixture
def factor(tenant: TenantServer) -> t.Iterator[None]:
    """Let Ada need one more factor."""
    mfa = tenant.tenant.mfa
    enrolled = mfa.enroll("auth0|ada")
    yield
    mfa.remove("auth0|ada", enrolled.id)


def test_factors(tenant: TenantServer, visitor: Visitor, factor: None) -> None:
    async def scene(client: t.Any) -> None:
        options = await begin_with_code(tenant, client)
        with pytest.raises(MfaRequiredError) as caught:
            await client.passwordless.verify(options)
        asked = {"mfa_token": caught.value.mfa_token}
        await client.mfa.challenge_authenticator({**asked, "factor_type": "otp"})
        tokens = await client.mfa.verify({**asked, "otp": tenant.tenant.mfa.code})
        assert tokens.access_token

    play(visitor, scene)


def test_revocations(
    tenant: TenantServer,
    make_app: MakeApp,
    credentials: dict[str, t.Any],
    make_visitor: MakeVisitor,
) -> None:
    options = {**credentials, "revoke_refresh_token_on_logout": True}
    app = make_app(scope=OFFLINE, **options)
    add_views(app)
    visitor = make_visitor(app)
    visitor.log_in()
    value = visitor.fetch("/session").get_json()["refresh_token"]
    token = tenant.tenant.credentials.refresh_token(value)
    assert token is not None
    assert not token.used
    visitor.get("/logout")
    assert token.used


def test_claims_of_the_userinfo_endpoint(
    tenant: TenantServer,
    make_app: MakeApp,
    credentials: dict[str, t.Any],
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tenant.tenant, "userinfo_claims", {"department": "Engines"})
    # With a certificate, such a token is bound to it.
    app = make_app(fetch_userinfo=True, audience=API, **credentials)
    add_views(app)
    visitor = make_visitor(app)
    for _ in range(2):
        visitor.log_in()
        assert visitor.user()["department"] == "Engines"
        visitor.get("/logout")

    async def scene(client: t.Any) -> None:
        await client.passwordless.verify(await begin_with_code(tenant, client))
        assert (await client.get_user())["department"] == "Engines"
        await sign_up(client)
        assert (await client.get_user())["department"] == "Engines"

    play(visitor, scene)


@pytest.mark.parametrize("way", [by_key, by_elliptic_key])
def test_each_assertion_is_for_this_tenant_once(
    tenant: TenantServer,
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
    short_tokens: None,
    way: t.Any,
) -> None:
    assertions: list[dict[str, t.Any]] = []
    process = PrivateKeyJWT.process_assertion_claims

    def watched(self: PrivateKeyJWT, *args: t.Any) -> t.Any:
        assertions.append(dict(process(self, *args)))
        return assertions[-1]

    monkeypatch.setattr(PrivateKeyJWT, "process_assertion_claims", watched)
    app = make_app(scope=OFFLINE, audience=API, **way(tenant))
    add_views(app)
    visitor = make_visitor(app)
    # The key was read with the settings.
    monkeypatch.delattr("jwt.algorithms.load_pem_private_key")
    for _ in range(2):
        visitor.log_in()
        visitor.fetch("/token")
    assert len(assertions) == 4
    assert {each["aud"] for each in assertions} == {tenant.tenant.issuer}
    assert {each["iss"] for each in assertions} == {"the-client"}
    assert len({each["jti"] for each in assertions}) == 4


def test_a_key_wins_over_a_secret(
    tenant: TenantServer, make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    options = {**by_key(tenant), "client_secret": "the-client-secret"}
    visitor = make_visitor(make_app(**options))
    for _ in range(2):
        assert visitor.log_in().status_code == 302


def test_a_key_that_the_tenant_does_not_know(
    tenant: TenantServer, make_app: MakeApp, make_visitor: MakeVisitor
) -> None:
    options = by_key(tenant)
    tenant.tenant.client.public_keys.clear()
    visitor = make_visitor(make_app({"DEBUG": True}, **options))
    for _ in range(2):
        response = visitor.log_in()
        assert response.status_code == 502
        assert "AUTH0_CLIENT_ASSERTION_SIGNING_KEY" in response.text


def test_a_tenant_without_endpoints_for_certificates(
    tenant: TenantServer,
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = by_own_certificate(tenant)
    monkeypatch.setattr(tenant.tenant, "mtls_url", None)
    visitor = make_visitor(make_app({"DEBUG": True}, **options))
    response = visitor.get("/login")
    assert response.status_code == 502
    assert "mtls_endpoint_aliases" in response.text


def test_a_certificate_leaves_nothing_on_the_disk(
    tenant: TenantServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, problems = read_config(
        {"domain": "x", "client_id": "x", "secret": SECRET, **by_certificate(tenant)},
        {},
        {},
    )
    assert not problems
    assert config is not None
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    written: list[str] = []
    load = ssl.SSLContext.load_cert_chain

    def watched(
        self: ssl.SSLContext, certfile: Path, keyfile: Path, key: t.Any
    ) -> None:
        written.append(certfile.read_text() + keyfile.read_text())
        load(self, certfile, keyfile, key)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    # A file may have both, and the certificate is written in the clear.
    both = f"{config.mtls_cert}{config.mtls_key}"
    make_context(dataclasses.replace(config, mtls_cert=both))
    (text,) = written
    assert re.findall("BEGIN (.+?)-", text) == ["CERTIFICATE", "ENCRYPTED PRIVATE KEY"]
    assert [*tmp_path.iterdir()] == []
