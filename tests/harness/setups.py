"""The settings that back ends are made from in tests."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Mapping

from flask_auth0.sessions.stores.base import Setup


def setup(settings: Mapping[str, t.Any] | None = None, limit: float = 10) -> Setup:
    """Return what a back end is made from outside of any app."""
    settings = settings or {}
    return Setup(
        settings,
        limit,
        logging.getLogger("tests"),
        is_development=bool(settings.get("TESTING")),
    )
