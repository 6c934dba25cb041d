"""Every flow of an app with several domains stays at the tenant of its host."""

from __future__ import annotations

import ssl
import typing as t

import httpx
import pytest
from auth0_server_python.auth_types import (
    StartPasswordlessEmailOptions,
    VerifyPasswordlessOtpOptions,
)
from auth0_server_python.error import MfaRequiredError
from flask import Flask, current_app, request

from flask_auth0 import Auth0, current_user, silent_login
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.mfa import SecondFactors
from tests.harness.domains import FIRST, SECOND, Place
from tests.harness.visitor import ADA, query_of
from tests.tenant.test_client_assertions import KEYS, private_pem, public_pem

from .conftest import MakeOwn, Places

SUB, OTHER_API = "auth0|ada", "https://other.example.com"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"

Tenants = dict[str, TenantServer]
Scene = t.Callable[[t.Any], t.Awaitable[t.Any]]


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    """Sessions in cookies, where a test says nothing else."""
    if getattr(request, "param", None) is None:
        return {}
    url = request.getfixturevalue("postgres_url")
    return {"SESSION_TYPE": "sqlalchemy", "SESSION_SQLALCHEMY": url}


@pytest.fixture
def proof(tenants: Tenants) -> t.Iterator[None]:
    """Leave the clients of the tenants as they were."""
    yield
    for each in tenants.values():
        client = each.tenant.client
        client.token_endpoint_auth_method = None
        client.public_keys, client.certificates = [], []
        client.require_pushed_authorization_requests = False


@pytest.fixture(autouse=True)
def _forget_factors(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in tenants.values():
        mfa = each.tenant.mfa
        monkeypatch.setattr(
            each.tenant, "mfa", SecondFactors(mfa._lock, each.tenant.inbox)
        )
        monkeypatch.setattr(each.tenant, "answer_backchannel_logins", "approve")


def two(app: Flask, tenants: Tenants) -> Places:
    """Both hosts of an app, whose views play scenes."""
    auth0 = Auth0()

    @app.get("/play")
    async def play() -> t.Any:
        return app.json.response(await app.config["SCENE"](auth0.client))

    client = app.test_client()
    first, second = (Place(client, host, tenants[host]) for host in (FIRST, SECOND))
    return first, second


def trusted(place: Place) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=place.tenant.ca_file)


def play(place: Place, scene: Scene) -> t.Any:
    """What a call of the SDK returns at a host."""
    place.client.application.config["SCENE"] = scene
    answer = place.fetch("/play")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def by_key(tenants: Tenants) -> dict[str, t.Any]:
    for each in tenants.values():
        client = each.tenant.client
        client.token_endpoint_auth_method = "private_key_jwt"
        client.public_keys = [public_pem(KEYS["RS256"])]
    pem = private_pem(KEYS["RS256"])
    return {"client_secret": None, "client_assertion_signing_key": pem}


def by_certificate(tenants: Tenants) -> dict[str, t.Any]:
    """One certificate, which both tenants know."""
    for each in tenants.values():
        each.tenant.client.token_endpoint_auth_method = "self_signed_tls_client_auth"
        shown = each.client_certificate()
    known = tenants[SECOND].tenant.client.certificates
    tenants[FIRST].tenant.client.certificates = [*known]
    return {
        "client_secret": None,
        "use_mtls": True,
        "mtls_cert": shown.certificate,
        "mtls_key": shown.key,
    }


@pytest.mark.usefixtures("proof")
@pytest.mark.parametrize("way", [by_key, by_certificate])
def test_each_tenant_is_pushed_what_its_logins_ask_for(
    make_own: MakeOwn, tenants: Tenants, way: t.Any
) -> None:
    options = {"pushed_authorization_requests": True, **way(tenants)}
    for server in tenants.values():
        server.tenant.client.require_pushed_authorization_requests = True
    places = two(make_own("waiting", **options), tenants)
    for _ in range(2):
        for each in places:
            begun = each.get("/login")
            assert [*query_of(begun.location)] == ["client_id", "request_uri"]
            assert each.log_in().status_code == 302
            assert each.user()["iss"] == each.tenant.tenant.issuer
            for path in ("/token", "/async-token"):
                assert each.fetch(path).status_code == 200
    for each in places:
        # The endpoint of each tenant takes the refresh token of its own session.
        assert each.get("/logout").location.startswith(f"https://{each.tenant.domain}/")
        assert each.user() is None


def test_a_login_on_another_device(make_own: MakeOwn, tenants: Tenants) -> None:
    first, second = two(make_own("waiting"), tenants)

    async def log_in(client: t.Any) -> t.Any:
        asked = {"binding_message": "Order 1815", "login_hint": {"sub": SUB}}
        return await client.login_backchannel(asked)

    play(first, log_in)
    assert first.user()["iss"] == first.tenant.tenant.issuer
    assert second.user() is None
    play(second, log_in)
    assert second.user()["iss"] == second.tenant.tenant.issuer
    second.get("/logout")
    assert first.user()["sub"] == SUB


def test_a_second_factor(make_own: MakeOwn, tenants: Tenants) -> None:
    first, second = two(make_own("waiting"), tenants)
    for each in (first, second):
        each.log_in()
        each.tenant.tenant.mfa.enroll(SUB)
        each.tenant.tenant.mfa.audiences.add(OTHER_API)

    async def ask(client: t.Any) -> t.Any:
        with pytest.raises(MfaRequiredError) as caught:
            await client.get_access_token(audience=OTHER_API)
        return caught.value.mfa_token

    def verify(mfa_token: str) -> Scene:
        async def verified(client: t.Any) -> t.Any:
            options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
            await client.mfa.verify(options)
            return dict(current_user)

        return verified

    mfa_token = play(first, ask)
    second.client.application.config["SCENE"] = verify(mfa_token)
    assert second.fetch("/play").get_json()["error"] == "mfa_token_invalid"
    assert play(first, verify(mfa_token))["iss"] == first.tenant.tenant.issuer
    assert play(second, verify(play(second, ask)))["amr"] == ["mfa"]


def test_a_factor_of_another_tenants_login(make_own: MakeOwn, tenants: Tenants) -> None:
    first, second = two(make_own(), tenants)

    async def log_in(client: t.Any) -> t.Any:
        await client.passwordless.start(StartPasswordlessEmailOptions(email=ADA))
        inbox = tenants[request.host].tenant.inbox
        code = inbox.messages(ADA)[-1].code
        options = VerifyPasswordlessOtpOptions(
            connection="email", email=ADA, verification_code=code
        )
        with pytest.raises(MfaRequiredError) as caught:
            await client.passwordless.verify(options)
        return caught.value.mfa_token

    first.tenant.tenant.mfa.enroll(SUB)
    mfa_token = play(first, log_in)

    async def verify(client: t.Any) -> t.Any:
        options = {"otp": "123456", "mfa_token": mfa_token, "persist": True}
        return (await client.mfa.verify(options)).token_type

    second.client.application.config["SCENE"] = verify
    sent = len(second.tenant.tenant.token_requests)
    assert second.fetch("/play").get_json()["error"] == "mfa_token_invalid"
    # What the first tenant has told the app is nothing that the second one may see.
    assert len(second.tenant.tenant.token_requests) == sent
    assert second.user() is None

    async def look(client: t.Any) -> t.Any:
        return await client.mfa.list_authenticators({"mfa_token": mfa_token})

    second.client.application.config["SCENE"] = look
    assert second.fetch("/play").get_json()["error"] == "mfa_token_invalid"
    assert play(first, verify) == "Bearer"
    assert first.user()["iss"] == first.tenant.tenant.issuer


def test_a_silent_login_asks_the_tenant_of_its_host(
    make_own: MakeOwn, tenants: Tenants
) -> None:
    app = make_own("waiting")

    @app.get("/greeting")
    @silent_login
    async def greeting() -> str:
        return f"Hello {current_user.get('name')} of {current_app.name}"

    first, second = two(app, tenants)
    for each, person in ((first, "Ada Lovelace"), (second, None)):
        browser = httpx.Client(verify=trusted(each), trust_env=False)
        if person:
            each.tenant.tenant.next_login = ADA
            browser.get(each.get("/login").location)
        asked = each.get("/greeting", **{"User-Agent": CHROME})
        assert asked.location.startswith(f"https://{each.tenant.domain}/")
        assert query_of(asked.location)["prompt"] == "none"
        back = browser.get(asked.location).headers["Location"]
        came = each.get(back, **{"User-Agent": CHROME})
        assert came.location == "/greeting"
        found = each.get("/greeting", **{"User-Agent": CHROME})
        assert found.text.startswith(f"Hello {person} of")
        browser.close()
    assert second.user() is None


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_sessions_of_one_domain_in_postgresql(
    make_own: MakeOwn, tenants: Tenants
) -> None:
    first, second = two(make_own("waiting"), tenants)
    for each in (first, second):
        each.log_in()
        assert each.fetch("/token").status_code == 200
        assert len(each.fetch(f"/sessions/{SUB}").get_json()) == 1
    # A tenant may send its logout tokens to any host of the app.
    assert second.end_from_outside(first, sub=SUB) == 200
    assert first.user() is None
    assert second.user()["iss"] == second.tenant.tenant.issuer
    second.get(f"/revoke-all/{SUB}")
    assert second.user() is None
