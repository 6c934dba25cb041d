"""Calls of functions that an app has registered, sync or async."""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Callable

from . import greenlets, loop
from .request import this_app


def call(function: Callable[..., t.Any], *args: t.Any) -> t.Any:
    """Call a function of the app, and return what it returns or is awaited for.

    Flask runs an async function on an event loop in the thread of the request. Under
    gevent that is the thread of all other requests, and one such loop is all that it
    can have. So there it runs on ours.
    """
    if greenlets.are_threads() and inspect.iscoroutinefunction(function):
        return loop.run(function(*args), None)
    return this_app().ensure_sync(function)(*args)
