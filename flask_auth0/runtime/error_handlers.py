"""How an app answers an error that Flask has not seen being raised."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

from flask import Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from . import app_functions


def answer(app: Flask, error: HTTPException) -> t.Any:
    """Return what the app's handler for an error returns, or else the error itself.

    Flask's own way there has another signature in each of its versions.
    """
    handler = next(_handlers(app, error), None)
    return error if handler is None else app_functions.call(handler, error)


def become(response: Response, other: Response) -> None:
    """Turn a response into another one, whatever has been put on it."""
    close = getattr(response.response, "close", None)
    if close is not None:
        # A stream that nobody reads has to let go of what it holds.
        close()
    response.status_code = other.status_code
    response.headers = other.headers
    response.response = other.response
    response.direct_passthrough = False


def _handlers(app: Flask, error: HTTPException) -> Iterator[Callable[..., t.Any]]:
    """Find the handlers for an error, in the order that Flask documents.

    Those of blueprints come before the app's, and those that are filed under the code
    of the error's class before all others.
    """
    kind = type(error)
    for code in dict.fromkeys((kind.code, None)):
        for name in (*request.blueprints, None):
            handlers = app.error_handler_spec.get(name, {}).get(code, {})
            yield from (handlers[each] for each in kind.__mro__ if each in handlers)
