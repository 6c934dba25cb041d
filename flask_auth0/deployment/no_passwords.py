"""A user of development, as whom everybody logs in."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ..app_state import state_of
from ..config import Problem, key_of, warning


def no_passwords(app: Flask) -> Iterator[Problem]:
    """Find a user whom everybody is, in an app that somebody may visit."""
    user = state_of(app).config.development_user
    if user is not None and not app.testing:
        told = f"logs everybody in as {user['sub']!r}, without a password and a tenant"
        yield warning(key_of("development_user"), told, "no_passwords")
