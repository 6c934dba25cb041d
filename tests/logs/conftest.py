"""What the log is told, from the first level on."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Sequence

import pytest

from .telling import Told


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    """Return the records of the extension since the last question."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, "flask_auth0")

    def since() -> Sequence[t.Any]:
        found = [each for each in caplog.records if each.name == "flask_auth0"]
        caplog.clear()
        return found

    return since
