"""Calls of functions of an app, sync or async."""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Awaitable, Callable

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


def ask(function: Callable[..., t.Any], *args: t.Any) -> t.Any:
    """Call a function of the app that each request asks, and return its answer.

    One that is async runs on the loop of the extension: to start one for each request,
    as Flask does, takes longer than most questions.
    """
    answer = function(*args)
    return loop.run(_awaited(answer), None) if inspect.isawaitable(answer) else answer


async def _awaited(answer: Awaitable[t.Any]) -> t.Any:
    return await answer
