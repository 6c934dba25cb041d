"""Calls of functions that an app has registered, sync or async."""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Callable

from . import greenlets, loop
from .request import this_app


def call(function: Callable[..., t.Any], *args: t.Any) -> t.Any:
    """Call a sync or async function of the app, and return its result.

    Flask runs an async function on an event loop in the thread of the request. Under
    gevent, all requests share one thread, which can have one such loop only; there, the
    function runs on the loop of the extension.
    """
    if greenlets.are_threads() and inspect.iscoroutinefunction(function):
        return loop.run(function(*args), None)
    return this_app().ensure_sync(function)(*args)
