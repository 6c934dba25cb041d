"""Logins beyond the plan: what signs ID tokens."""

from __future__ import annotations

import pytest

from .beyond_keys import BEYOND_HEADERS, BEYOND_KEYS
from .conftest import Stage
from .modules import Module, played

MODULES = played([*BEYOND_HEADERS, *BEYOND_KEYS])


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_module(stage: Stage, caplog: pytest.LogCaptureFixture, module: Module) -> None:
    stage.check(module, caplog)
