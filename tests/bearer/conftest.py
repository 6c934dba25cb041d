"""An app that is an API, and programs that call it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView
from werkzeug.test import TestResponse

from flask_auth0 import (
    Auth0,
    any_of,
    bearer_required,
    current_user,
    login_required,
)
from flask_auth0.client.dispatch import store_options
from flask_auth0.runtime.request import current_request
from flask_auth0.sessions.storage_contract import KEY
from flask_auth0.tenant import Tenant, TenantServer
from tests.harness.access_tokens import API, Prover, bearer, make_token
from tests.harness.visitor import HOST, MakeApp

ROLES = "https://example.com/roles"

#: The URL of a view that proofs are for.
URL = f"{HOST}/api/me"

auth0 = Auth0()

Call = Callable[..., TestResponse]


@pytest.fixture(params=["cookies", "redis"])
def settings(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    """Where the sessions are that no call of the API may touch."""
    if request.param == "cookies":
        return {}
    url = request.getfixturevalue("redis_url")
    return {"SESSION_TYPE": "redis", "SESSION_REDIS": url}


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return add_api(make_app(audience=API, roles_claim=ROLES))


@pytest.fixture
def everywhere(make_app: MakeApp, settings: dict[str, t.Any]) -> Flask:
    """The app with its sessions in each place."""
    return add_api(make_app(settings, audience=API, roles_claim=ROLES))


@pytest.fixture
def issuer(tenant: TenantServer) -> Tenant:
    return tenant.tenant


@pytest.fixture
def call(app: Flask, issuer: Tenant) -> Call:
    """Call the API, with a good token unless another one is given."""

    def call(path: str = "/api/me", token: str | None = None, **claims: t.Any) -> t.Any:
        token = make_token(issuer, **claims) if token is None else token
        return get(app, path, bearer(token))

    return call


@pytest.fixture(scope="session")
def prover() -> Prover:
    return Prover()


def get(app: Flask, path: str, headers: t.Any = (), **options: t.Any) -> TestResponse:
    """Call an app as a program without any cookie."""
    return app.test_client().open(path, base_url=HOST, headers=headers, **options)


def send(app: Flask, token: str, proof: t.Any, path: str = "/api/me") -> TestResponse:
    headers = [("Authorization", f"DPoP {token}"), *[("DPoP", p) for p in [proof] if p]]
    return get(app, path, headers)


def me() -> dict[str, t.Any]:
    """Say who calls, in every way that there is."""
    return {
        "sub": current_user.sub,
        "claims": dict(current_user),
        "user": auth0.get_user(),
        "session": auth0.get_session(),
    }


def add_api(app: Flask) -> Flask:
    """Add views that take access tokens, in every way that Flask has."""
    app.get("/api/me")(bearer_required(me))

    @app.get("/api/async")
    @auth0.bearer_required
    async def in_async() -> dict[str, t.Any]:
        user = await auth0.client.get_user()
        return {**me(), "awaited": user, "other": await auth0.client.get_session()}

    class Report(MethodView):
        decorators = [bearer_required()]  # noqa: RUF012

        def get(self) -> dict[str, t.Any]:
            return me()

        def post(self) -> dict[str, t.Any]:
            return me()

    app.add_url_rule("/api/class", view_func=Report.as_view("report"))
    blueprint = Blueprint("guarded", __name__, url_prefix="/api/guarded")

    @blueprint.before_request
    @bearer_required
    def guard() -> None: ...

    more = {"me": me, "more": _guarded("read:messages"), "less": _guarded("delete:all")}
    for name, view in more.items():
        blueprint.add_url_rule(f"/{name}", name, view)
    app.register_blueprint(blueprint)
    _add_needs(app)
    _add_both(app)
    return app


def _guarded(scope: str) -> t.Any:
    return bearer_required(scopes=scope)(me)


def _add_needs(app: Flask) -> None:
    guards = {
        "scope": bearer_required(scopes="read:messages"),
        "scopes": bearer_required(scopes=["read:messages", "write:messages"]),
        "one": bearer_required(scopes=any_of("write:messages", "admin:messages")),
        "permission": bearer_required(permissions="read:messages"),
        "permissions": bearer_required(permissions={"read:messages", "delete:all"}),
        "role": bearer_required(roles="Site Admin"),
        "all": bearer_required(
            scopes="write:messages", permissions="delete:all", roles=any_of("a", "b")
        ),
    }
    for name, guard in guards.items():
        app.add_url_rule(f"/needs/{name}", name, guard(me))


def _add_both(app: Flask) -> None:
    @app.get("/both")
    @login_required(bearer=True)
    def both() -> dict[str, t.Any]:
        return me()

    @app.get("/both/async")
    @login_required(bearer=True)
    async def both_async() -> dict[str, t.Any]:
        return me()

    @app.post("/both/team")
    @login_required(bearer=True, organization="org_1", max_age=60)
    def team() -> dict[str, t.Any]:
        return me()

    @app.get("/both/token")
    @login_required(bearer=True)
    def token() -> str:
        return auth0.get_access_token()

    @app.get("/both/state")
    @login_required(bearer=True)
    async def state() -> dict[str, t.Any]:
        store = app.extensions["auth0"].state_store
        found = await store.get(KEY, store_options(current_request()))
        return {"state": found and "found"}
