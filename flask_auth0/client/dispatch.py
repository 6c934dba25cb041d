"""Coroutines of the SDK, run on our event loop, and the news that they bring."""

from __future__ import annotations

import asyncio
import functools
import inspect
import types
import typing as t
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager

from ..errors import TenantUnavailable
from ..runtime import loop
from ..runtime.request import current_request
from ..runtime.tracebacks import without_secrets
from ..signals import token_refreshed
from .store_options import store_options
from .translation import untranslated

R = t.TypeVar("R")


# Reading a signature takes longer than most of the functions called here.
_signature = functools.lru_cache(128)(inspect.signature)


class OnOurLoop:
    """Another client of the SDK, whose coroutines run on our loop as well."""

    def __init__(self, client: t.Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> t.Any:
        found = getattr(self._client, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
            return await coroutine_on_loop(found, args, kwargs)

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
    with refresh_announced(), untranslated():
        try:
            return await loop.call(running)
        except asyncio.TimeoutError as error:
            raise TenantUnavailable() from without_secrets(error)


@contextmanager
def refresh_announced() -> Iterator[None]:
    """Send ``token_refreshed`` afterwards, if the request has received tokens.

    The result stays with the caller, since the report of a receiver that fails shows
    the variables of its callers.
    """
    yield
    current = current_request()
    if current.has_new_tokens:
        current.has_new_tokens = False
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
