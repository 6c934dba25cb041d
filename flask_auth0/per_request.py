"""Objects that live as long as one request of one app."""

from __future__ import annotations

import typing as t

from flask import current_app, request

R = t.TypeVar("R")


def per_request(kind: type[R]) -> R:
    """Return the object of a kind that belongs to the current request.

    Not on ``flask.g``: that outlives a request where an app context was pushed by hand,
    in tests above all, and one request would see the user of another.
    """
    key = f"flask_auth0.{kind.__name__}.{id(current_app._get_current_object())}"  # type: ignore[attr-defined]
    found = request.environ.get(key)
    if found is None:
        found = request.environ[key] = kind()
    return t.cast(R, found)
