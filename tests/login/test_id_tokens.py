"""Which ID tokens log somebody in, and that nothing happens before they are checked."""

from __future__ import annotations

import json
import typing as t

import jwt
import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.keys import SigningKeys
from flask_auth0.tenant.metadata import discovery
from tests.harness.visitor import ADA, GRACE, HOST, MakeApp, MakeVisitor, Visitor

OFFLINE = "openid profile email offline_access"


@pytest.mark.parametrize("is_known", [True, False], ids=["direct", "on the loop"])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://other.example.com/"}, "Invalid issuer"),
        ({"iss": 5}, "iss"),
        ({"iss": ["https://other.example.com/"]}, "iss"),
        ({"aud": ["the-client", "unknown"]}, "another client"),
        ({"aud": ["the-client", "unknown"], "azp": "unknown"}, "another client"),
        ({"aud": "unknown"}, "Audience"),
        ({"azp": "unknown"}, "another client"),
        ({"exp": 5}, "expired"),
        ({"exp": None}, "exp"),
        ({"iat": "yesterday"}, "iat"),
        ({"sub": ""}, "who logged in"),
        ({"sub": 5}, "Subject"),
        ({"nonce": "of-another-login"}, "nonce"),
    ],
    ids=str,
)
def test_one_that_is_refused(
    visitor: Visitor,
    tenant: TenantServer,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, t.Any],
    reason: str,
    is_known: bool,
) -> None:
    if is_known:
        visitor.log_in(GRACE)
    tenant.tenant.extra_claims.update(changes)
    refused = visitor.log_in(ADA)
    assert refused.status_code in {400, 502}
    assert "Try again" in refused.text
    assert (visitor.user() or {}).get("email") == (GRACE if is_known else None)
    assert reason in caplog.text
    assert reason not in refused.text


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["the-client"]},
        {"aud": ["the-client", "other"], "azp": "the-client"},
        {"name": "Ada \ud83d"},
        {"https://app.example.com/x": {"\udc00": ["\ud83d", "\ud83d\ude00"]}},
    ],
    ids=ascii,
)
def test_one_that_is_good(
    visitor: Visitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, t.Any],
) -> None:
    monkeypatch.setattr(SigningKeys, "sign", sign)
    for _ in range(2):
        tenant.tenant.extra_claims.update(changes)
        assert visitor.log_in(ADA).status_code == 302
        assert visitor.user()["email"] == ADA
        json.dumps(visitor.user(), ensure_ascii=False).encode()


def sign(self: SigningKeys, claims: dict[str, t.Any], typ: str = "JWT") -> str:
    """Sign whatever is JSON; joserfc signs only what is UTF-8 as well."""
    key = self.published[0]
    headers = {"typ": typ, "kid": key.kid}
    return jwt.encode(claims, key.as_pem(private=True), "RS256", headers)


@pytest.mark.parametrize("is_known", [True, False], ids=["direct", "on the loop"])
@pytest.mark.parametrize("id_token", [None, "", 5, "rubbish", "a.b.c"])
def test_userinfo_is_no_id_token(
    visitor: Visitor, tenant: TenantServer, id_token: t.Any, is_known: bool
) -> None:
    if is_known:
        visitor.log_in(GRACE)
        visitor.get("/logout")
    way_back = visitor.authorize(visitor.get("/login"))
    tokens = {"access_token": "a", "token_type": "Bearer", "id_token": id_token}
    claims = {"sub": "auth0|ada", "nonce": "x", "iss": tenant.tenant.issuer}
    answer = {**tokens, "expires_in": 3600, "userinfo": claims}
    tenant.tenant.fail_next_token_request(status=200, body=json.dumps(answer).encode())
    assert visitor.get(way_back).status_code == 502
    assert visitor.user() is None


def test_no_hook_hears_of_a_login_that_is_refused(
    visitor: Visitor, tenant: TenantServer
) -> None:
    heard: list[t.Any] = []
    auth0 = visitor.app.extensions["auth0"]
    auth0.hooks.before_saved.append(lambda session: heard.append(session["user"]))
    visitor.log_in(GRACE)
    heard.clear()
    tenant.tenant.extra_claims["nonce"] = "of-another-login"
    visitor.log_in(ADA)
    assert heard == []
    assert visitor.user()["email"] == GRACE


@pytest.mark.parametrize("issuer", ["https://other.example.com/", None, 5, [], ""])
def test_a_discovery_document_of_another_issuer(
    visitor: Visitor,
    tenant: TenantServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    issuer: t.Any,
) -> None:
    def other() -> dict[str, t.Any]:
        return {**discovery(), "issuer": issuer}

    tenant.tenant.extra_claims["iss"] = issuer
    with monkeypatch.context() as patch:
        patch.setitem(views_of(tenant), "metadata.discovery", other)
        refused = visitor.get("/login")
    assert refused.status_code == 502
    assert tenant.domain in caplog.text
    assert str(issuer) in caplog.text
    tenant.tenant.extra_claims.clear()
    assert visitor.log_in().status_code == 302


def views_of(tenant: TenantServer) -> dict[str, t.Any]:
    """The views of the tenant itself."""
    app: t.Any = tenant._servers[0].app
    return t.cast("dict[str, t.Any]", app.view_functions)


@pytest.fixture(params=["cookie", "redis"])
def refreshing(
    request: pytest.FixtureRequest, make_app: MakeApp, make_visitor: MakeVisitor
) -> Visitor:
    """Somebody whose token is refreshed at ``/token``."""
    config = {}
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        config = {"SESSION_TYPE": "redis", "SESSION_REDIS": url}
    app: Flask = make_app(config, scope=OFFLINE)

    @app.get("/token")
    def token() -> str:
        return Auth0().get_access_token(force_refresh=True)

    @app.get("/id-token")
    def id_token() -> str:
        return str((Auth0().get_session() or {}).get("id_token"))

    return make_visitor(app)


@pytest.mark.parametrize(
    "changes", [{"sub": "auth0|grace"}, {"iss": "https://other.example.com/"}], ids=str
)
def test_a_refresh_brings_nobody_elses(
    refreshing: Visitor,
    tenant: TenantServer,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, t.Any],
) -> None:
    refreshing.log_in(ADA)
    assert refreshing.fetch("/token").status_code == 200
    before = refreshing.fetch("/id-token").text
    tenant.tenant.extra_claims.update(changes)
    assert refreshing.fetch("/token").status_code == 502
    assert refreshing.fetch("/id-token").text == before
    assert refreshing.user()["sub"] == "auth0|ada"
    assert "somebody else" in caplog.text
    told = jwt.decode(before, options={"verify_signature": False})
    assert told["sub"] == "auth0|ada"


def test_a_number_that_is_none_stays_what_it_was(
    refreshing: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["auth_time"] = float("nan")
    refreshing.log_in(ADA)
    assert refreshing.fetch("/token").status_code == 200


def test_the_callback_itself_names_no_check(
    visitor: Visitor, tenant: TenantServer
) -> None:
    tenant.tenant.extra_claims["iss"] = "https://other.example.com/"
    way_back = visitor.authorize(visitor.get("/login"))
    assert "issuer" not in visitor.client.get(way_back, base_url=HOST).text
