"""What the log says of a failure."""

from __future__ import annotations

from flask import current_app

from .base import Auth0Error
from .logins import AuthorizationFailed


def log_failure(what: str, error: Auth0Error) -> None:
    """Log a failure that the user can do nothing about."""
    # The tenant's message has passed through the browser, so anybody can have written
    # it.
    is_said = isinstance(error, AuthorizationFailed)
    hint = error.remedy or (error.title if is_said else error.description)
    current_app.logger.warning("%s: %s. %s", what, error.error, in_one_line(hint))


def in_one_line(text: str) -> str:
    """Return a text without line breaks, which could forge an entry of the log."""
    shown = " ".join(text.split())[:500]
    return "".join(each if each.isprintable() else "?" for each in shown)
