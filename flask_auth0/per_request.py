"""Objects that live as long as one request."""

from __future__ import annotations

import typing as t

from flask import request

R = t.TypeVar("R")


def per_request(kind: type[R]) -> R:
    """Return the object of a kind that belongs to the current request.

    Not on ``flask.g``: that outlives a request where an app context was pushed by hand,
    in tests above all, and one request would see the user of another.
    """
    objects = _objects()
    found: R | None = objects.get(kind)
    if found is None:
        # Two threads may come here for one request, and have to share one.
        found = objects.setdefault(kind, kind())
    return found


def if_made(kind: type[R]) -> R | None:
    """Return the object of a kind, if the current request has needed one."""
    found: R | None = _objects().get(kind)
    return found


def _objects() -> dict[type, t.Any]:
    current = request._get_current_object()  # type: ignore[attr-defined]
    objects: dict[type, t.Any] = vars(current).setdefault("_flask_auth0", {})
    return objects
