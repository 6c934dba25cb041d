"""The OpenID Foundation's plan for relying parties, and what lies beyond it."""

from __future__ import annotations

import pytest

from .conftest import Stage
from .plan import PLAN, Module

PLAYED = [module for module in PLAN if module.play is not None]


@pytest.mark.parametrize("module", PLAYED, ids=lambda module: module.name)
def test_module(stage: Stage, caplog: pytest.LogCaptureFixture, module: Module) -> None:
    assert module.play is not None
    module.play(stage, not module.log)
    told = caplog.text
    assert module.log in told
    assert not [secret for secret in stage.provider.secrets if secret in told]
