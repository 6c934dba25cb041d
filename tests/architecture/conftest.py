"""Where the sessions of the requests are whose way is followed."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask, request

from flask_auth0 import Auth0, login_required
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor


@pytest.fixture(params=["cookies", "redis"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(
    mode: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> dict[str, t.Any]:
    """The settings of an app in that mode."""
    # On a busy machine, what was read with a session may be too old to be used, and
    # what the store has said too long ago.
    monkeypatch.setattr("flask_auth0.sessions.server.prefetch._FRESH", 60)
    monkeypatch.setattr("flask_auth0.sessions.server.interface.LATELY", 60.0)
    if mode != "redis":
        return {}
    found: dict[str, t.Any] = request.getfixturevalue("redis_settings")
    return found


@pytest.fixture
def visitor(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    settings: dict[str, t.Any],
    caplog: pytest.LogCaptureFixture,
) -> Visitor:
    """Somebody who has been here before, so that nothing is done for the first time."""
    # Python's own default, by which nobody asks for lines about what goes well.
    caplog.set_level("WARNING", "flask_auth0")
    app = make_app(settings, scope="openid profile email offline_access")
    _add_token(app)
    found = make_visitor(app)
    found.log_in()
    for path in ("/profile", "/token", "/token?refresh=1", "/profile", "/profile"):
        assert found.fetch(path).status_code == 200
    return found


def _add_token(app: Flask) -> None:
    auth0 = Auth0()

    @app.get("/token")
    @login_required
    def token() -> str:
        return auth0.get_access_token(force_refresh="refresh" in request.args)
