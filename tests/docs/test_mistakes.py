"""The recipe's common mistakes: one test for each row, named as the page names it."""

from __future__ import annotations

import asyncio
import configparser
import inspect
import os
import sys

import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue

from flask_auth0 import (
    Auth0,
    ConfigurationError,
    bearer_required,
    current_user,
    login_required,
)
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant.backchannel import logout_token
from tests.harness.access_tokens import API, bearer, make_token

from .conftest import FETCH, HOST, NAVIGATION, MakeVisitor, client_of
from .pages import ROOT, path_of, table

ADA = "ada@example.com"


def test_credentials(
    app: Flask, make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials in the source"""
    Auth0(app)
    assert make_visitor(app).log_in().location == "/"
    for key in ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"]:
        monkeypatch.delenv(key)
    with pytest.raises(ConfigurationError) as caught:
        Auth0(Flask(__name__))
    text = str(caught.value)
    for key in ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"]:
        assert f"{key} is missing in config and environment; copy" in text
    assert "AUTH0_SECRET" not in text


def test_oauth_by_hand(app: Flask, auth0: Auth0, make_visitor: MakeVisitor) -> None:
    """OAuth by hand, with Authlib or python-jose"""

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token()

    visitor = make_visitor(app)
    visitor.log_in()
    assert len(visitor.get("/token").text) > 20
    assert "/oidc/logout?" in visitor.get("/logout").location
    assert visitor.fetch("/token").status_code == 401


def test_other_extensions(app: Flask, auth0: Auth0) -> None:
    """Flask-Login or Flask-Dance beside it"""
    others = {"flask_login", "flask_dance"} - set(sys.modules)

    @app.get("/profile")
    @login_required
    def profile() -> str:
        return str(current_user["name"])

    assert client_of(app, name="Ada").get("/profile").text == "Ada"
    assert app.test_client().get("/profile").status_code == 401
    assert not others & set(sys.modules)


def test_decoding_tokens(
    app: Flask, auth0: Auth0, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    """Decoding tokens in the app"""

    @app.get("/claims")
    def claims() -> ResponseReturnValue:
        return dict(current_user)

    visitor = make_visitor(app)
    visitor.log_in()
    assert visitor.get("/claims").get_json()["email"] == ADA
    visitor = make_visitor(app)
    tenant.tenant.extra_claims["aud"] = "another-app"
    assert visitor.log_in().status_code == 502
    assert visitor.get("/claims").get_json() == {}


def test_the_async_extra(app: Flask, auth0: Auth0) -> None:
    """Flask without its async extra"""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    assert "flask[async]" in metadata["options"]["install_requires"]

    @app.get("/async")
    @login_required
    async def asynchronous() -> str:
        await asyncio.sleep(0)
        return "inside"

    assert client_of(app).get("/async").text == "inside"


def test_sync_views(app: Flask, auth0: Auth0) -> None:
    """Sync views"""

    @app.get("/sync")
    def sync() -> ResponseReturnValue:
        user = auth0.get_user() or {}
        session = auth0.run(auth0.client.get_session()) or {}
        return [user["name"], session["user"]["name"], auth0.get_access_token()]

    client = client_of(app, name="Ada", access_token="a")
    assert client.get("/sync").get_json() == ["Ada", "Ada", "a"]


def test_the_secret_key(app: Flask) -> None:
    """No secret key"""
    assert app.secret_key is None
    Auth0(app)
    assert isinstance(app.secret_key, bytes)
    assert os.environ["AUTH0_SECRET"].encode() not in app.secret_key
    assert bytes.fromhex(os.environ["AUTH0_SECRET"]) != app.secret_key


def test_bearer_tokens(
    app: Flask, auth0: Auth0, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    """Using auth0-fastapi-api"""

    @app.get("/token")
    @login_required
    def token() -> str:
        return auth0.get_access_token()

    visitor = make_visitor(app)
    visitor.log_in()
    headers = bearer(visitor.get("/token").text)
    assert app.test_client().get("/token", headers=headers).status_code == 401

    api = Flask("api")
    Auth0(api, audience=API)
    api.get("/me")(bearer_required(lambda: f"{current_user.sub}"))
    headers = bearer(make_token(tenant.tenant))
    assert api.test_client().get("/me", headers=headers).text == "auth0|ada"


def test_the_domain(
    app: Flask, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    """A domain with https://"""
    Auth0(app, domain=f"https://{tenant.domain}/")
    assert make_visitor(app).log_in().location == "/"
    for wrong in [f"https://{tenant.domain}/authorize", "ftp://a.example", "a b"]:
        with pytest.raises(ConfigurationError, match="such as my-tenant") as caught:
            Auth0(Flask(__name__), domain=wrong)
        assert "AUTH0_DOMAIN" in str(caught.value)


def test_the_callback_url(
    app: Flask, auth0: Auth0, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    """A callback URL that is not registered"""
    tenant.tenant.client.callbacks[:] = ["http://127.0.0.1:5000/callback"]
    visitor = make_visitor(app)
    refused = visitor._http.get(visitor.get("/login").location)
    assert refused.status_code == 403
    assert f"{HOST}/callback" in refused.text
    assert "http://127.0.0.1:5000/callback" in refused.text
    assert "--callback-url" in refused.text


def test_a_login_from_a_view(
    app: Flask, auth0: Auth0, make_visitor: MakeVisitor
) -> None:
    """Returning the login's URL from a view"""

    @app.get("/enter")
    def enter() -> ResponseReturnValue:
        return auth0.login("/inside")

    assert make_visitor(app).log_in("/enter").location == "/inside"


def test_errors_in_the_callback(
    app: Flask, auth0: Auth0, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    """No error handling in the callback"""
    visitor = make_visitor(app)
    tenant.tenant.fail_next_token_request(status=500)
    page = visitor.log_in()
    assert page.status_code == 503
    assert "Try again" in page.text
    assert visitor.log_in().location == "/"


def test_await(app: Flask, auth0: Auth0) -> None:
    """Forgetting await"""

    @app.get("/plain")
    async def plain() -> ResponseReturnValue:
        return auth0.get_user() or {}

    @app.get("/forgotten")
    def forgotten() -> ResponseReturnValue:
        coroutines.append(auth0.client.get_user())
        return coroutines[-1]  # type: ignore[return-value]

    coroutines: list[object] = []
    app.testing = True
    client = client_of(app, name="Ada")
    assert client.get("/plain").get_json()["name"] == "Ada"
    with pytest.raises(TypeError, match="it was a coroutine"):
        client.get("/forgotten")
    for coroutine in coroutines:
        assert inspect.iscoroutine(coroutine)
        coroutine.close()


def test_store_options(app: Flask, auth0: Auth0, make_visitor: MakeVisitor) -> None:
    """Store options in the wrong place of logout()"""

    @app.get("/leave")
    async def leave() -> str:
        return str(await auth0.client.logout())

    @app.get("/refused")
    def refused() -> ResponseReturnValue:
        return auth0.logout(store_options={})  # type: ignore[call-arg]

    @app.get("/refused-too")
    def refused_too() -> ResponseReturnValue:
        return auth0.logout({"request": request})  # type: ignore[arg-type]

    app.testing = True
    visitor = make_visitor(app)
    visitor.log_in()
    with pytest.raises(TypeError, match="store_options"):
        visitor.get("/refused")
    with pytest.raises(TypeError, match="return_to"):
        visitor.get("/refused-too")
    assert "/v2/logout?" in visitor.get("/leave").text
    assert not [name for name in visitor.cookies() if "head" in name or "body" in name]


def test_backchannel_logout(
    app: Flask,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Expecting back-channel logout"""
    auth0 = Auth0(app)
    tokens: list[str] = []

    @app.get("/protected")
    @login_required
    def protected() -> str:
        return str(current_user.sub)

    @app.get("/by-hand")
    async def by_hand() -> str:
        with pytest.raises(NotImplementedError):
            await auth0.client.handle_backchannel_logout(tokens[0])
        return "raised"

    visitor = make_visitor(app)
    visitor.log_in()
    (session,) = tenant.tenant.sessions()
    tokens.append(logout_token(tenant.tenant, tenant.tenant.client, session))
    told = visitor.client.post("/backchannel-logout", data={"logout_token": tokens[0]})
    assert told.status_code == 501
    assert visitor.get("/by-hand").text == "raised"
    assert "AUTH0_REVOCATION_STORE" in caplog.text
    assert visitor.get("/protected").text == "auth0|ada"


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://app.example.com", True),
        ("http://app.example.com", True),
        ("http://127.0.0.1:5000", False),
    ],
)
def test_secure_cookies(app: Flask, url: str, secure: bool) -> None:
    """Cookies without Secure in production"""
    app.config["SESSION_COOKIE_SECURE"] = False
    Auth0(app)
    answer = app.test_client().get("/login", base_url=url, headers=NAVIGATION)
    assert ("; Secure" in answer.headers["Set-Cookie"]) is secure
    off = Flask(__name__)
    Auth0(off, cookie_secure=False)
    answer = off.test_client().get("/login", base_url=url, headers=FETCH)
    assert "; Secure" not in answer.headers["Set-Cookie"]


def test_every_row_has_its_test() -> None:
    rows = [mistake for mistake, *_ in table(path_of("mistakes.rst"), "Mistake")]
    functions = [f for n, f in globals().items() if n.startswith("test_")]
    assert [f.__doc__ for f in functions if f.__doc__] == rows
    assert len(rows) == 16
