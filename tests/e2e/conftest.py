"""Fixtures of all end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.processes import Service


@pytest.fixture(autouse=True)
def no_tracebacks() -> Iterator[None]:
    """Whatever a test does, no server falls over."""
    yield
    for service in Service.running:
        service.check_quiet()
