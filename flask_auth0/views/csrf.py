"""Flask-WTF's protection against forged forms, where an app has it."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from flask import Flask

#: The name of ``CSRFProtect`` among the extensions of an app.
_CSRF = "csrf"


def exempt(app: Flask, views: Iterable[t.Any]) -> None:
    """Exempt views to which requests come without a token of the app's."""
    protection: t.Any = app.extensions.get(_CSRF)
    if hasattr(protection, "exempt"):
        for each in views:
            protection.exempt(each)
