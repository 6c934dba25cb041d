"""A whole login, and everything that Auth0 would refuse about one."""

from __future__ import annotations

import time

import pytest

from flask_auth0.tenant import Client, Tenant, TenantServer
from tests.tenant.flow import AUDIENCE, CALLBACK, Flow, code_of, location


def test_login(flow: Flow, tenant: Tenant) -> None:
    response = flow.choose(flow.authorize(), person="auth0|ada")
    assert str(location(response)).startswith(f"{CALLBACK}?")
    assert location(response).params["state"] == "some-state"
    tokens = flow.exchange(code_of(response)).json()
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    assert claims["iss"] == tenant.issuer
    assert claims["aud"] == tenant.client.client_id
    assert claims["sub"] == "auth0|ada"
    assert claims["nonce"] == "some-nonce"
    assert claims["sid"] == tenant.sessions()[0].sid
    assert claims["exp"] - claims["iat"] == tenant.lifetimes.id_token
    assert claims["name"] == "Ada Lovelace"
    assert claims["email"] == "ada@example.com"
    assert "auth_time" not in claims
    assert tokens["expires_in"] == tenant.lifetimes.access_token
    assert tenant.token_requests == [("authorization_code", "ok")]


def test_claims_follow_the_scope(flow: Flow, tenant: Tenant) -> None:
    tokens = flow.tokens(scope="openid unknown")
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    assert not {"name", "email", "picture"} & claims.keys()
    assert tokens["scope"] == "openid"
    assert "refresh_token" not in tokens


def test_client_secret_in_the_body(flow: Flow) -> None:
    code = flow.log_in()
    client_id, client_secret = flow.credentials
    flow.client = Client(client_id="", client_secret="")
    response = flow.http.post(
        "/oauth/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": "v" * 64,
            "client_id": client_id,
            "client_secret": client_secret,
        },
    )
    assert response.status_code == 200, response.text


def test_typed_email(flow: Flow, tenant: Tenant) -> None:
    page = flow.authorize(login_hint="new@example.org")
    assert 'value="new@example.org"' in page.text
    tokens = flow.exchange(code_of(flow.choose(page, email="New@example.org"))).json()
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    assert claims["email"] == "New@example.org"
    person = tenant.find_person("new@example.org")
    assert person is not None
    assert claims["sub"] == person.sub


@pytest.mark.parametrize("email", ["", "nobody", "a b@example.org", "@example.org"])
def test_not_an_email(flow: Flow, email: str) -> None:
    response = flow.choose(flow.authorize(), email=email)
    assert response.status_code == 400
    assert "Choose a person or type an e-mail address." in response.text


def test_signup(flow: Flow) -> None:
    assert "<h1>Sign up</h1>" in flow.authorize(screen_hint="signup").text


def test_decline(flow: Flow) -> None:
    response = flow.choose(flow.authorize(), decline="1")
    assert location(response).params["error"] == "access_denied"
    assert location(response).params["error_description"]
    assert location(response).params["state"] == "some-state"


def test_next_login_answers_at_once(flow: Flow, tenant: Tenant) -> None:
    tenant.next_login = "auth0|grace"
    tokens = flow.exchange(code_of(flow.authorize())).json()
    claims = tenant.keys.claims(tokens["id_token"])
    assert claims is not None
    assert claims["sub"] == "auth0|grace"
    tenant.next_login = None
    assert flow.authorize(prompt="login").status_code == 200


def test_next_login_has_to_be_somebody() -> None:
    with pytest.raises(ValueError, match="nobody"):
        Tenant().next_login = "nobody"


def test_form_needs_its_token(flow: Flow, tenant: Tenant) -> None:
    page = flow.authorize()
    form = {"csrf_token": "wrong", "person": "auth0|ada"}
    response = flow.http.post(page.url, data=form)
    assert response.status_code == 400
    assert "out of date" in response.text
    assert tenant.sessions() == []


def test_request_by_post_goes_on_by_get(flow: Flow) -> None:
    response = flow.http.post(
        "/authorize", data=flow.parameters(state="a b&c"), follow_redirects=True
    )
    assert response.request.method == "GET"
    code_response = flow.choose(response, person="auth0|ada")
    assert location(code_response).params["state"] == "a b&c"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        f"{CALLBACK}/",
        f"{CALLBACK}?x=1",
        "http://localhost:5000/callback",
        'https://evil.example/"<script>',
        "\u2603",
    ],
)
def test_unregistered_callback_is_a_page(flow: Flow, redirect_uri: str) -> None:
    response = flow.authorize(redirect_uri=redirect_uri)
    assert response.status_code == 403
    assert "Callback URL mismatch" in response.text
    assert "<script>" not in response.text


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"client_id": "unknown", "response_type": "token"},
    ],
)
def test_unknown_client_is_a_page(flow: Flow, changes: dict[str, str | None]) -> None:
    response = flow.authorize(**changes)
    assert response.status_code == 400
    assert "This login cannot start" in response.text


@pytest.mark.parametrize("response_type", ["token", "code id_token", None])
def test_other_response_types(flow: Flow, response_type: str | None) -> None:
    response = flow.authorize(response_type=response_type)
    assert location(response).params["error"] == "unsupported_response_type"


def test_response_type_with_odd_characters(flow: Flow) -> None:
    assert flow.authorize(response_type='"\\\u2603').status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
    ],
)
def test_challenge_has_to_be_s256(flow: Flow, changes: dict[str, str | None]) -> None:
    response = flow.authorize(**changes)
    assert location(response).params["error"] == "invalid_request"


def test_wrong_verifier(flow: Flow, tenant: Tenant) -> None:
    response = flow.exchange(flow.log_in(), code_verifier="w" * 64)
    assert response.json()["error"] == "invalid_grant"
    assert tenant.token_requests == [("authorization_code", "invalid_grant")]


def test_verifier_is_needed(flow: Flow) -> None:
    response = flow.exchange(flow.log_in(), code_verifier="")
    assert response.json()["error"] == "invalid_request"


def test_wrong_redirect_uri_at_the_exchange(flow: Flow) -> None:
    response = flow.exchange(flow.log_in(), redirect_uri="http://127.0.0.1:5000/")
    assert response.json()["error"] == "invalid_grant"


def test_code_is_good_once(flow: Flow) -> None:
    code = flow.log_in()
    tokens = flow.exchange(code).json()
    assert flow.exchange(code).json()["error"] == "invalid_grant"
    assert flow.userinfo(tokens["access_token"]).status_code == 401
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_code_expires(flow: Flow, tenant: Tenant) -> None:
    tenant.lifetimes.code = 0
    assert flow.exchange(flow.log_in()).json()["error"] == "invalid_grant"


def test_code_of_another_client(flow: Flow, server: TenantServer) -> None:
    other = Client(callbacks=[CALLBACK])
    server.tenant.clients.append(other)
    code = flow.log_in()
    with Flow(server, other) as thief:
        assert thief.exchange(code).json()["error"] == "invalid_grant"
    assert flow.exchange(code).status_code == 200


@pytest.mark.parametrize("credentials", [("app", "wrong"), ("unknown", "wrong")])
def test_wrong_secret(flow: Flow, tenant: Tenant, credentials: tuple[str, str]) -> None:
    tenant.client.client_id = "app"
    form = {"grant_type": "authorization_code", "code": flow.log_in()}
    response = flow.http.post("/oauth/token", data=form, auth=credentials)
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"


def test_credentials_that_are_no_text(flow: Flow) -> None:
    response = flow.http.post(
        "/oauth/token",
        data={"grant_type": "authorization_code"},
        headers={"Authorization": "Basic gICAOg=="},
    )
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"


def test_unknown_grant_type(flow: Flow) -> None:
    response = flow.http.post("/oauth/token", data={"grant_type": '"'})
    assert response.json()["error"] == "unsupported_grant_type"


def test_audience(flow: Flow, tenant: Tenant) -> None:
    tenant.access_token_padding = 3000
    scope = "openid read:messages delete:everything"
    tokens = flow.tokens(audience=AUDIENCE, scope=scope)
    claims = tenant.keys.claims(tokens["access_token"])
    assert claims is not None
    assert claims["aud"] == [AUDIENCE, f"{tenant.issuer}userinfo"]
    assert claims["scope"] == tokens["scope"] == "openid read:messages"
    assert len(claims["padding"]) == 3000
    assert flow.userinfo(tokens["access_token"]).json()["sub"] == "auth0|ada"


def test_without_audience_the_token_is_opaque(flow: Flow, tenant: Tenant) -> None:
    tokens = flow.tokens(scope="openid read:messages")
    assert tenant.keys.claims(tokens["access_token"]) is None
    assert tokens["scope"] == "openid"
    assert flow.userinfo(tokens["access_token"]).json() == {"sub": "auth0|ada"}


@pytest.mark.parametrize(
    ("organization", "org_id", "org_name"),
    [("org_abc", "org_abc", "abc"), ("Acme", "org_acme", "acme")],
)
def test_organization(
    flow: Flow, tenant: Tenant, organization: str, org_id: str, org_name: str
) -> None:
    claims = tenant.keys.claims(flow.tokens(organization=organization)["id_token"])
    assert claims is not None
    assert (claims["org_id"], claims["org_name"]) == (org_id, org_name)


def test_extra_claims(flow: Flow, tenant: Tenant) -> None:
    tenant.extra_claims["https://example.com/roles"] = ["admin"] * 200
    claims = tenant.keys.claims(flow.tokens()["id_token"])
    assert claims is not None
    assert len(claims["https://example.com/roles"]) == 200


def test_userinfo_needs_a_token(flow: Flow) -> None:
    assert flow.http.get("/userinfo").status_code == 401
    assert flow.userinfo("made-up").status_code == 401


def test_times_are_now(flow: Flow, tenant: Tenant) -> None:
    claims = tenant.keys.claims(flow.tokens(max_age="600")["id_token"])
    assert claims is not None
    assert abs(claims["iat"] - time.time()) < 10
    assert abs(claims["auth_time"] - time.time()) < 10
