"""Refreshes and logouts beyond the plan."""

from __future__ import annotations

import pytest

from .beyond_sessions import BEYOND_LOGOUT, BEYOND_REFRESH
from .conftest import Stage
from .modules import Module, played

MODULES = played([*BEYOND_REFRESH, *BEYOND_LOGOUT])


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_module(stage: Stage, caplog: pytest.LogCaptureFixture, module: Module) -> None:
    stage.check(module, caplog)
