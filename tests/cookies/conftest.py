"""Apps whose cookies are the host's own."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, request, session

from flask_auth0 import Auth0, login_required
from flask_auth0.sessions.cookies.verifier import Verifier
from tests.harness.visitor import add_views

from .host_prefix import OPTIONS, SECURE, URL, Make


@pytest.fixture(params=["cookie", "cachelib"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(kind: str, tmp_path: t.Any) -> Make:
    """Make apps with one place for sessions and other names of cookies."""

    def make(
        prefix: str | None = None,
        config: dict[str, t.Any] | None = None,
        **options: t.Any,
    ) -> Flask:
        app = Flask(__name__)
        app.config.update(TESTING=True, SECRET_KEY="key", **(config or {}))
        if kind == "cachelib":
            app.config["SESSION_TYPE"] = "cachelib"
            app.config["SESSION_CACHELIB"] = str(tmp_path / "sessions")
        more = {**OPTIONS, **SECURE, **options}
        Auth0(app, cookie_host_prefix=prefix, **more)
        add_views(app)

        @app.get("/count")
        def count() -> str:
            session["count"] = session.get("count", 0) + 1
            return str(session["count"])

        @app.get("/update")
        @login_required
        def update() -> str:
            Auth0().update_session(name="New")
            return ""

        @app.get("/plain")
        def plain() -> str:
            return ""

        @app.get("/during/<path>")
        @login_required
        def during(path: str) -> str:
            other = app.test_client(use_cookies=False)
            headers = {"Cookie": request.headers["Cookie"]}
            other.get(f"/{path}", base_url=URL, headers=headers)
            return ""

        @app.get("/clear")
        def clear() -> str:
            session.clear()
            return ""

        return app

    return make


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the cookies whose signatures have been verified."""
    seen: list[str] = []
    original = Verifier._unsigned

    def unsigned(self: Verifier, text: str) -> t.Any:
        seen.append(text)
        return original(self, text)

    monkeypatch.setattr(Verifier, "_unsigned", unsigned)
    return seen
