"""Access tokens for tests of an API, which the app verifies without a tenant."""

from __future__ import annotations

import socket
import typing as t

import pytest
from flask import Flask, Request

from flask_auth0 import (
    Auth0,
    ConfigurationError,
    bearer_required,
    current_user,
    login_required,
)
from flask_auth0.tenant import TenantServer
from flask_auth0.testing import CONFIG, bearer_headers
from tests.harness.access_tokens import API, bearer, make_token
from tests.harness.visitor import HOST, MakeApp


def add_api(app: Flask) -> Flask:
    @app.get("/me")
    @bearer_required
    def me() -> dict[str, t.Any]:
        return dict(current_user)

    @app.get("/messages")
    @login_required(bearer=True, scopes="read:messages", permissions="read")
    async def messages() -> dict[str, t.Any]:
        return {"of": current_user.sub}

    return app


def make_api(**options: t.Any) -> Flask:
    app = Flask(__name__)
    app.config.update(CONFIG, TESTING=True)
    Auth0(app, audience=API, **options)
    return add_api(app)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An API whose tests have no network."""

    def refuse(*args: t.Any, **options: t.Any) -> t.Any:
        raise AssertionError("Somebody looks for a host on the network.")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return make_api()


def status(api: Flask, path: str = "/me", **given: t.Any) -> int:
    headers = bearer_headers(api, **given)
    return api.test_client().get(path, headers=headers).status_code


def test_a_token_with_claims(api: Flask) -> None:
    headers = bearer_headers(api, scopes=["a", "b"], sub="auth0|ada", role="admin")
    claims = api.test_client().get("/me", headers=headers).get_json()
    assert (claims["sub"], claims["role"]) == ("auth0|ada", "admin")
    assert (claims["scope"], claims["aud"]) == ("a b", API)


def test_what_the_view_asks_for(api: Flask) -> None:
    allowed = {"scopes": "read:messages", "permissions": ["read"]}
    assert status(api, "/messages", **allowed) == 200
    assert status(api, "/messages", **{**allowed, "scopes": "read:mail"}) == 403
    assert status(api, "/messages", scopes="read:messages") == 403


@pytest.mark.parametrize(
    "given",
    [
        {"aud": "https://other.example.com"},
        {"iss": "https://evil.example.com/"},
        {"expires_in": -120},
        {"sub": None},
        {"nonce": "n"},
    ],
)
def test_a_token_that_is_not_good(api: Flask, given: dict[str, t.Any]) -> None:
    assert status(api, **given) == 401


def test_a_token_that_somebody_has_changed(api: Flask) -> None:
    headers = bearer_headers(api)
    content, _, signature = headers["Authorization"].rpartition(".")
    headers["Authorization"] = f"{content}.{signature[::-1]}"
    assert api.test_client().get("/me", headers=headers).status_code == 401


def test_no_app_with_real_users_takes_them(api: Flask) -> None:
    headers = bearer_headers(api)
    api.testing = False
    with pytest.raises(ConfigurationError, match="neither in testing"):
        bearer_headers(api)
    # Nor one that was made while the app was in testing mode.
    assert api.test_client().get("/me", headers=headers).status_code == 500


def test_no_token_without_an_audience() -> None:
    app = Flask(__name__)
    app.config.update(CONFIG, TESTING=True)
    Auth0(app)
    with pytest.raises(ConfigurationError, match="AUTH0_AUDIENCE"):
        bearer_headers(app)


def test_each_host_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def domain(request: Request) -> str:
        return f"tenant.{request.host}"

    api = make_api(domain=domain)
    headers = bearer_headers(api, base_url="https://one.example")
    for host, expected in (("one.example", 200), ("two.example", 401)):
        client = api.test_client()
        answer = client.get("/me", base_url=f"https://{host}", headers=headers)
        assert answer.status_code == expected


def test_the_tenants_own_tokens_are_good_as_well(
    make_app: MakeApp, tenant: TenantServer
) -> None:
    app = add_api(make_app(audience=API))
    for headers in (bearer_headers(app), bearer(make_token(tenant.tenant))):
        answer = app.test_client().get("/me", base_url=HOST, headers=headers)
        assert answer.status_code == 200
    refused = app.test_client().get("/me", base_url=HOST, headers=bearer("x.y.z"))
    assert refused.status_code == 401
