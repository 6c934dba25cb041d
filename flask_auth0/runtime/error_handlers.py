"""Calls the error handlers of an app for an error that was not raised in a view."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

from flask import Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from . import app_functions


def answer(app: Flask, error: HTTPException) -> t.Any:
    """Return the answer of the app's handler for an error, or else the error itself.

    Flask's own ``handle_user_exception`` differs in its signature between releases.
    """
    handler = next(_handlers(app, error), None)
    return error if handler is None else app_functions.call(handler, error)


def is_on_error_page(error: BaseException) -> bool:
    """Tell whether an error came up while the app answers another HTTP error.

    Flask would answer it with status 500, since it handles one error of a request.
    """
    before = error.__context__
    while before is not None:
        if isinstance(before, HTTPException) and type(before) is not type(error):
            return True
        before = before.__context__
    return False


def become(response: Response, other: Response) -> None:
    """Turn a response into another one, with none of its headers left."""
    close = getattr(response.response, "close", None)
    if close is not None:
        # A stream that nobody reads has to release its resources.
        close()
    response.status_code = other.status_code
    response.headers = other.headers
    response.response = other.response
    response.direct_passthrough = False


def _handlers(app: Flask, error: HTTPException) -> Iterator[Callable[..., t.Any]]:
    """Yield the handlers for an error, in the order that Flask documents.

    Handlers of blueprints come before those of the app; within each, handlers that are
    registered under the code of the error's class come first.
    """
    kind = type(error)
    for code in dict.fromkeys((kind.code, None)):
        for name in (*request.blueprints, None):
            handlers = app.error_handler_spec.get(name, {}).get(code, {})
            yield from (handlers[each] for each in kind.__mro__ if each in handlers)
