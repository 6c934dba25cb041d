"""An app with guards of every kind, wherever its sessions are."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, abort
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, current_user, login_required, public
from flask_auth0.testing import logged_in_client
from tests.harness.own_stores import SimpleStore
from tests.harness.visitor import FETCH, HOST, NAVIGATION, MakeApp

API = "https://api.example.com"
ROLES = "https://example.com/roles"

#: Makes an app that asks for a user as a whole.
Protect = Callable[..., Flask]
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


@pytest.fixture
def protect(options: dict[str, t.Any], tmp_path: Path) -> Protect:
    """Make protected apps."""

    def make(
        config: dict[str, t.Any] | None = None, *, own: bool = False, **more: t.Any
    ) -> Flask:
        (tmp_path / "static").mkdir(exist_ok=True)
        (tmp_path / "static" / "style.css").write_text("css")
        app = Flask(__name__, root_path=str(tmp_path))
        app.config.update({"TESTING": True, **(config or {})})
        store = SimpleStore() if own else None
        Auth0(app, state_store=store, **options, protect_app=True, **more)
        _add_views(app)
        return app

    return make


def _add_views(app: Flask) -> None:
    app.add_url_rule("/", "home", lambda: f"home of {current_user.sub}")

    @app.route("/about", methods=["GET", "POST"])
    @public
    def about() -> str:
        return f"about, for {current_user.sub}"

    @public
    @app.get("/above")
    async def above() -> str:
        return "above"

    @app.get("/gone")
    def gone() -> t.Any:
        abort(404)


def get(app: Flask, path: str, headers: t.Any = NAVIGATION, **more: t.Any) -> t.Any:
    client = app.test_client()
    return client.open(path, base_url=HOST, headers=headers, buffered=True, **more)
