"""Objects that live as long as one request."""

from __future__ import annotations

import typing as t

from flask import Request

from .contexts import this_request

#: The attribute of a request that has them.
_OBJECTS = "_flask_auth0"

R = t.TypeVar("R")


def per_request(kind: type[R]) -> R:
    """Return the object of a kind that belongs to the current request.

    Not on ``flask.g``: that outlives a request where an app context was pushed by hand,
    in tests above all, and one request would see the user of another.
    """
    objects = vars(this_request()).setdefault(_OBJECTS, {})
    found: R | None = objects.get(kind)
    if found is None:
        # Two threads may come here for one request, and have to share one.
        found = objects.setdefault(kind, kind())
    return found


def if_made(kind: type[R], request: Request | None = None) -> R | None:
    """Return the object of a kind, if a request, or the current one, has needed one."""
    objects = vars(request or this_request()).get(_OBJECTS)
    found: R | None = objects.get(kind) if objects else None
    return found
