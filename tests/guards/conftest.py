"""An app with guards of every kind, wherever its sessions are."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, current_user, login_required
from flask_auth0.testing import logged_in_client
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import FETCH, MakeApp

API = "https://api.example.com"
ROLES = "https://example.com/roles"

#: Returns the answer of a view behind a guard to a user with some claims.
Ask = Callable[..., TestResponse]


@pytest.fixture(params=["cookies", "redis", "own"])
def everywhere(
    request: pytest.FixtureRequest, make_app: MakeApp, options: dict[str, t.Any]
) -> Flask:
    """An app with its sessions in each place."""
    scope = "openid profile email offline_access read:messages"
    more: dict[str, t.Any] = {"roles_claim": ROLES, "audience": API, "scope": scope}
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        return make_app({"SESSION_TYPE": "redis", "SESSION_REDIS": url}, **more)
    if request.param == "cookies":
        return make_app(**more)
    app = Flask(__name__)
    app.testing = True
    Auth0(app, state_store=SimpleStore(), **options, **more)
    return app


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(roles_claim=ROLES)


@pytest.fixture
def ask(app: Flask) -> Ask:
    """Ask an app as a script does, for a user with these claims."""

    def ask(guard: dict[str, t.Any], **claims: t.Any) -> TestResponse:
        add_views(app, guard)
        return logged_in_client(app, **claims).get("/sync", headers=FETCH)

    return ask


def add_views(app: Flask, guard: dict[str, t.Any]) -> None:
    """Add a sync and an async view behind a guard."""
    app.view_functions.update(sync=_sync(guard), asynchronous=_async(guard))
    if "sync" not in {rule.endpoint for rule in app.url_map.iter_rules()}:
        for path, endpoint in (("/sync", "sync"), ("/async", "asynchronous")):
            methods = ["GET", "POST"]
            app.add_url_rule(path, endpoint, methods=methods)


def _sync(guard: dict[str, t.Any]) -> t.Any:
    def sync() -> str:
        return f"inside as {current_user.sub}"

    return login_required(**guard)(sync)


def _async(guard: dict[str, t.Any]) -> t.Any:
    async def asynchronous() -> str:
        return f"inside as {current_user.sub}"

    return login_required(**guard)(asynchronous)
