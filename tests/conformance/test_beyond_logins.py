"""Logins beyond the plan: what ID tokens claim."""

from __future__ import annotations

import pytest

from .beyond_claims import BEYOND_CLAIMS
from .conftest import Stage
from .modules import Module, played

MODULES = played(BEYOND_CLAIMS)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_module(stage: Stage, caplog: pytest.LogCaptureFixture, module: Module) -> None:
    stage.check(module, caplog)
