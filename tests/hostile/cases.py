"""How many cases are tried: a few in every run, 100,000 in all with ``--soak``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SHORT = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FULL = settings(SHORT, max_examples=6500, print_blob=True)
CASES = FULL if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else SHORT
