"""Programs that tests need and a machine may lack."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, remedy: str) -> NoReturn:
    """Skip a test for want of a program, or fail where it was promised."""
    variable = f"FLASK_AUTH0_REQUIRE_{what.upper()}"
    if os.environ.get(variable):
        pytest.fail(f"{variable} is set, but {remedy}")
    pytest.skip(remedy)
