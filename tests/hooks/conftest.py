"""An app with hooks, wherever its sessions are."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from .hooked_app import MODES, Views, make


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """The place of sessions."""
    return str(request.param)


@pytest.fixture
def made(request: pytest.FixtureRequest, options: dict[str, t.Any], mode: str) -> Views:
    return make(request, options, mode)


@pytest.fixture
def app(made: Views) -> Flask:
    return made.app
