"""Fixtures of all end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.processes import Service


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does, no server falls over, in this process or in another."""
    yield
    for record in caplog.get_records("call"):
        assert not record.exc_info, record.exc_text
        assert "Traceback" not in record.getMessage()
    for service in Service.running:
        service.check_quiet()
