"""What the SDK hands to stores: the request, and a response that collects cookies."""

from __future__ import annotations

import typing as t

from flask import request
from werkzeug.wrappers import Response

from .per_request import if_made, per_request


class Collector:
    """A response that nobody sees, for what stores set on it."""

    def __init__(self) -> None:
        self.response = Response()


def store_options() -> dict[str, t.Any]:
    """Return the SDK's ``store_options`` for the current request."""
    return {
        "request": request._get_current_object(),  # type: ignore[attr-defined]
        "response": per_request(Collector).response,
    }


def copy_collected(response: Response) -> None:
    """Put what stores have set on the response that is sent."""
    collector = if_made(Collector)
    for name, value in collector.response.headers if collector else ():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers.add(name, value)
