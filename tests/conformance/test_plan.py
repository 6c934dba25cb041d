"""The OpenID Foundation's plan for relying parties, and what FAPI 2 asks of them."""

from __future__ import annotations

import pytest

from .conftest import Stage
from .modules import Module, played
from .plan import KNOWN_MODULES


@pytest.mark.parametrize(
    "module", played(KNOWN_MODULES), ids=lambda module: module.name
)
def test_module(stage: Stage, caplog: pytest.LogCaptureFixture, module: Module) -> None:
    stage.check(module, caplog)
