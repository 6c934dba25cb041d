"""Logins beyond the plan: what a provider answers."""

from __future__ import annotations

import pytest

from .beyond_answers import BEYOND_ANSWERS, BEYOND_REDIRECT
from .conftest import Stage
from .modules import Module, played

MODULES = played([*BEYOND_ANSWERS, *BEYOND_REDIRECT])


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_module(stage: Stage, caplog: pytest.LogCaptureFixture, module: Module) -> None:
    stage.check(module, caplog)
