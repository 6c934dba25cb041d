"""Where the sessions of the requests are whose way is followed."""

from __future__ import annotations

import typing as t

import pytest


@pytest.fixture(params=["cookies", "redis"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(
    mode: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> dict[str, t.Any]:
    """The settings of an app in that mode."""
    # On a busy machine, what was read with a session may be too old to be used.
    monkeypatch.setattr("flask_auth0.sessions.server.prefetch._FRESH", 60)
    if mode != "redis":
        return {}
    found: dict[str, t.Any] = request.getfixturevalue("redis_settings")
    return found
