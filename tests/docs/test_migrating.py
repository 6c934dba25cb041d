"""The page about migrating: each diff leads to an app that works."""

from __future__ import annotations

import ast
import os

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from jinja2 import DictLoader

from flask_auth0 import Auth0
from flask_auth0.tenant import TenantServer
from tests.harness.access_tokens import API, bearer, make_token

from .conftest import FETCH, HOST, MakeVisitor, client_of
from .pages import path_of, sides, snippets

PATH = path_of("migrating.rst")
PAGE = PATH.read_text(encoding="utf-8")
(
    RECIPE,
    BRIDGE,
    BRIDGE_HOME,
    WITHOUT_FLASK_LOGIN,
    WITHOUT_FLASK_LOGIN_HOME,
    FLASK_DANCE,
    FLASK_OIDC,
) = (sides(each) for each in snippets(PATH, "diff"))


@pytest.fixture(autouse=True)
def settings(tenant: TenantServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the apps of the page read from their environment."""
    monkeypatch.setenv("SECRET_KEY", "0f" * 32)
    monkeypatch.setenv("DATABASE_URL", "sqlite://")


def run(source: tuple[str, str], **templates: str) -> Flask:
    """Return the app that a diff leads to, with templates of its own."""
    module: dict[str, object] = {"__name__": "app"}
    exec(compile(source[1], PATH, "exec"), module)  # noqa: S102
    app = module["app"]
    assert isinstance(app, Flask)
    app.jinja_loader = DictLoader({f"{k}.html": v for k, v in templates.items()})
    return app


def test_each_step_begins_where_the_one_before_ends() -> None:
    assert WITHOUT_FLASK_LOGIN[0] == BRIDGE[1]
    assert WITHOUT_FLASK_LOGIN_HOME[0] == BRIDGE_HOME[1]
    for before, _ in [RECIPE, BRIDGE, FLASK_DANCE, FLASK_OIDC]:
        assert ast.parse(before).body


def test_the_recipe(make_visitor: MakeVisitor) -> None:
    (whole, *_) = snippets(PATH, "python")
    assert whole.text == RECIPE[1]
    assert f"{len(RECIPE[1].splitlines())} in one are left." in PAGE
    app = run(RECIPE, home="{{ user['name'] }}", profile="{{ user.name }}")
    visitor = make_visitor(app)
    # The browser has this of the recipe: its key is the secret itself.
    old = Flask("old", static_folder=None)
    old.secret_key = os.environ["AUTH0_SECRET"]
    serializer = SecureCookieSessionInterface().get_signing_serializer(old)
    assert serializer is not None
    cookie = serializer.dumps({"_a0_session": "x" * 2000})
    visitor.client.set_cookie("session", str(cookie), domain="localhost")
    assert visitor.get("/").text == ""
    assert visitor.log_in("/login?next=/profile").location == "/profile"
    assert visitor.get("/").text == visitor.get("/profile").text == "Ada Lovelace"
    kept = visitor.client.get_cookie("session")
    assert kept is not None
    assert len(kept.value) < 300
    assert len(visitor.get("/messages").get_json()["token"]) == 8


def test_an_await_too_many(app: Flask, auth0: Auth0) -> None:
    @app.get("/")
    async def home() -> str:
        return str(await auth0.get_user())  # type: ignore[misc]

    with pytest.raises(TypeError, match="object dict can't be used in 'await' expr"):
        client_of(app).get("/")
    message = "``object dict can't be used in 'await' expression``"
    assert message in " ".join(PAGE.split())


STEPS = {
    "with": (BRIDGE, BRIDGE_HOME),
    "without": (WITHOUT_FLASK_LOGIN, WITHOUT_FLASK_LOGIN_HOME),
}


@pytest.mark.parametrize("step", STEPS)
def test_authlib_and_flask_login(make_visitor: MakeVisitor, step: str) -> None:
    source, home = STEPS[step]
    app = run(source, home=home[1], profile="p", admin="a", keys="k")
    database = app.extensions["sqlalchemy"]
    (user,) = [each.class_ for each in database.Model.registry.mappers]
    with app.app_context():
        database.create_all()
    visitor = make_visitor(app)
    # A browser from before has this.
    visitor.client.set_cookie("remember_token", "1|made-up", domain="localhost")
    assert "Log in" in visitor.get("/").text
    assert visitor.get("/profile").location == "/login?next=/profile"
    visitor.log_in()
    assert "Ada Lovelace" in visitor.get("/").text
    assert "admin" not in visitor.get("/").text
    assert visitor.get("/profile").text == "p"
    assert visitor.get("/admin").status_code == 403
    with app.app_context():
        row = database.session.scalar(database.select(user))
        assert row.sub == "auth0|ada"
        row.is_admin = True
        database.session.commit()
    visitor.log_in()
    assert "Ada Lovelace, admin" in visitor.get("/").text
    assert visitor.get("/admin").text == "a"
    assert visitor.log_in(visitor.get("/keys").location).location == "/keys"
    assert visitor.get("/keys").text == "k"
    visitor.get("/logout")
    assert "Log in" in visitor.get("/").text
    with app.app_context():
        assert len(database.session.scalars(database.select(user)).all()) == 1


def test_max_age_with_each_login(
    make_visitor: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_AUTHORIZATION_PARAMS", '{"max_age": 86400}')
    visitor = make_visitor(run(WITHOUT_FLASK_LOGIN, keys="k"))
    with visitor.client.application.app_context():
        visitor.client.application.extensions["sqlalchemy"].create_all()
    visitor.log_in()
    assert visitor.get("/keys").text == "k"


def test_flask_dance(
    make_visitor: MakeVisitor, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = "/auth/auth0/authorized"
    monkeypatch.setenv("AUTH0_CALLBACK_PATH", callback)
    tenant.tenant.client.callbacks[:] = [HOST + callback]
    visitor = make_visitor(run(FLASK_DANCE))
    assert visitor.get("/").get_json() == {"is_logged_in": False}
    visitor.log_in()
    assert visitor.get("/").get_json() == {"is_logged_in": True}
    assert visitor.get("/profile").get_json() == {"name": "Ada Lovelace"}
    assert visitor.get("/orders").get_json()["sub"] == "auth0|ada"
    assert f"AUTH0_CALLBACK_PATH={callback}" in PAGE


def test_flask_oidc(
    make_visitor: MakeVisitor, tenant: TenantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_AUDIENCE", API)
    monkeypatch.setenv("AUTH0_CALLBACK_PATH", "/authorize")
    tenant.tenant.client.callbacks[:] = [f"{HOST}/authorize"]
    app = run(FLASK_OIDC)
    visitor = make_visitor(app)
    visitor.log_in()
    profile = {"name": "ada", "email": "ada@example.com"}
    assert visitor.get("/profile").get_json() == profile
    assert len(visitor.get("/token").get_json()["token"]) == 8
    client = app.test_client()
    assert client.get("/api/orders", headers=FETCH).status_code == 401
    for scope, status in {"read:orders": 200, "openid": 403}.items():
        headers = {**FETCH, **bearer(make_token(tenant.tenant, scope=scope))}
        assert client.get("/api/orders", headers=headers).status_code == status
