"""Coroutines of the SDK, run on our event loop with the SDK's options for stores."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import types
import typing as t
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict

from ..errors import TenantUnavailable, log_event
from ..runtime import loop
from ..runtime.collecting_response import CollectingResponse
from ..runtime.request import CurrentRequest, current_request
from ..runtime.tracebacks import without_secrets
from ..signals import token_refreshed
from .translation import untranslated

R = t.TypeVar("R")


def _takes_anything(*args: t.Any, **kwargs: t.Any) -> None:
    """Have the signature of what has none."""


_ANY: inspect.Signature = inspect.signature(_takes_anything)


# Reading a signature takes longer than most of the functions called here.
@functools.lru_cache(128)
def _signature(function: Callable[..., t.Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        # Python before 3.11.3 cannot read that of an AsyncMock.
        return _ANY


class OnOurLoop:
    """Another client of the SDK, whose coroutines run on our loop as well.

    :param limit: seconds that a call may take, where it is awaited elsewhere.
    """

    def __init__(self, client: t.Any, limit: float) -> None:
        self._client, self._limit = client, limit

    def __getattr__(self, name: str) -> t.Any:
        found = getattr(self._client, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
            waiting = coroutine_on_loop(found, args, kwargs, self._limit)
            # The report of an error may show the variables of this frame.
            del args, kwargs
            return await waiting

        return call


def coroutine_on_loop(
    method: Callable[..., Awaitable[R]],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
    limit: float | None = None,
) -> Coroutine[t.Any, t.Any, R]:
    """Return a coroutine that runs a method on our loop, with the options for stores.

    :param limit: seconds that it may take, where it is awaited elsewhere.
    """
    running = _running(method, args, kwargs)
    return running if loop.is_current() else _from_elsewhere(running, limit)


async def _from_elsewhere(
    running: Coroutine[t.Any, t.Any, R], limit: float | None
) -> R:
    if limit is not None:
        running = asyncio.wait_for(running, limit)
    with changes_announced(), untranslated():
        try:
            found = await loop.call(running)
        except asyncio.TimeoutError as error:
            raise TenantUnavailable() from without_secrets(error)
        if tell := _login_to_tell_of(current_request()):
            # Hooks may be async, and this thread has a loop that runs already.
            await loop.call(loop.aside(tell))
        return found


@contextmanager
def changes_announced() -> Iterator[None]:
    """Tell the app of a login or new tokens afterwards, if there were any.

    The result stays with the caller, since the report of a receiver that fails shows
    the variables of its callers.
    """
    yield
    current = current_request()
    if tell := _login_to_tell_of(current):
        tell()
    announce_refresh(current)


def _login_to_tell_of(current: CurrentRequest) -> Callable[[], None] | None:
    tell, current.tell_of_login = current.tell_of_login, None
    return tell


def announce_refresh(current: CurrentRequest) -> None:
    """Send ``token_refreshed``, if a request has received tokens."""
    if current.has_new_tokens:
        current.has_new_tokens = False
        log_event(current, "token_refreshed", event="refresh")
        token_refreshed.send(current.app)


def _running(
    method: Callable[..., Awaitable[R]],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
) -> Coroutine[t.Any, t.Any, R]:
    function: Callable[..., t.Any] = method
    if type(method) is types.MethodType:
        function, args = method.__func__, (method.__self__, *args)
    bound = _signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    if bound.arguments.get("store_options", True) is None:
        current = current_request()
        if not current.is_empty:
            bound.arguments["store_options"] = store_options(current)
    return t.cast("Coroutine[t.Any, t.Any, R]", function(*bound.args, **bound.kwargs))


def store_options(current: CurrentRequest) -> dict[str, t.Any]:
    """Return the SDK's ``store_options`` for a request."""
    if current.collected is None:
        current.collected = CollectingResponse()
    response = current.collected
    return {"request": _request_after(current.request, response), "response": response}


def bring_up_to_date(options: dict[str, t.Any] | None, current: CurrentRequest) -> None:
    """Give options the cookies that other calls of the request have set meanwhile.

    Otherwise a call that waited for its turn would write back what it had found before.
    """
    response = current.collected
    if options is None or response is None:
        return
    is_ours = options.get("response") is response
    if is_ours:
        options["request"] = _request_after(current.request, response)


def _request_after(current: Request, response: CollectingResponse) -> Request:
    """Return the request, with its cookies as the browser will have them.

    A store finds its session in the request's cookies only. Without those of the
    response, a session that this request has begun could neither be ended nor
    refreshed.
    """
    if not response.collected:
        return current
    cookies = current.cookies.to_dict()
    for cookie in response.collected.values():
        if 0 in (cookie["max_age"], cookie["expires"]):
            cookies.pop(cookie["key"], None)
        else:
            cookies[cookie["key"]] = cookie["value"]
    changed = copy.copy(current)
    changed.cookies = ImmutableMultiDict(cookies)
    return changed
