"""Calls of functions of an app, sync or async."""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Awaitable, Callable

from . import greenlets, loop
from .request import this_app


def call(function: Callable[..., t.Any], *args: t.Any) -> t.Any:
    """Call a sync or async function of the app, and return its result.

    Flask runs an async function on an event loop in the thread of the request, which
    can have one only. Where it has one, as for an async view, the function runs on the
    loop of the extension, and so it does under gevent, where all requests share one
    thread.
    """
    is_async = inspect.iscoroutinefunction(function)
    if is_async and (greenlets.are_threads() or loop.is_any_running()):
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
