"""One event loop per process, on a thread of its own, for calls from sync code."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
import typing as t
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor

from . import greenlets
from .processes import PerProcess
from .tracebacks import without_secrets

T = t.TypeVar("T")

#: Seconds beyond its limit after which a caller stops waiting. The loop keeps the
#: limits, and may itself be blocked.
_GRACE = 5


def get_loop() -> asyncio.AbstractEventLoop:
    """Return the loop of this process; the first call starts it."""
    return _loops.get()


def is_any_running() -> bool:
    """Tell whether the caller runs on any event loop."""
    return _running() is not None


def is_current() -> bool:
    """Tell whether the caller runs on the loop of this process."""
    return _running() in _ours


def run(coroutine: Coroutine[t.Any, t.Any, T], timeout: float | None) -> T:
    """Run a coroutine on the loop and wait for its result.

    The context variables of the caller are visible inside, so Flask's proxies work.

    :param timeout: seconds after which the coroutine is cancelled, or ``None`` for work
        of the app, which has no limit, as in a view.
    :raises TimeoutError: when the time is over.
    :raises RuntimeError: when called on the loop itself, which would wait for ever.
    """
    if is_current():
        coroutine.close()
        raise RuntimeError("On the extension's own event loop: use 'await' instead.")
    try:
        return _wait(asyncio.wait_for(coroutine, timeout), timeout)
    except (asyncio.TimeoutError, concurrent.futures.TimeoutError) as error:
        told = TimeoutError(f"No answer within {timeout or 0:g} seconds.")
        # Before Python 3.11, asyncio's class is another one than TimeoutError.
        raise told from without_secrets(error)
    except Exception as error:
        without_secrets(error)
        raise error


async def call(coroutine: Coroutine[t.Any, t.Any, T]) -> T:
    """Await a coroutine that runs on the loop, from any event loop."""
    if is_current():
        return await coroutine
    try:
        if greenlets.are_threads():
            return greenlets.wait(get_loop(), coroutine)
        future = asyncio.run_coroutine_threadsafe(coroutine, get_loop())
        return await asyncio.wrap_future(future)
    except Exception as error:
        without_secrets(error)
        raise error


async def where_called(work: Callable[[], T]) -> T:
    """Do blocking work in a thread, so that the loop itself does not wait.

    The context variables of the caller are visible inside.
    """
    running = _running()
    if running is None or running not in _ours:
        return work()
    context = contextvars.copy_context()
    if _ours[running]:
        return await greenlets.call_back(lambda: context.run(work))
    return await running.run_in_executor(None, context.run, work)


async def aside(work: Callable[[], T]) -> T:
    """Do work of the app in a thread of its own, as it may wait for the loop.

    In the threads of :func:`where_called`, such work could take all of them, and wait
    for work that needs one more.
    """
    if not is_current() or greenlets.are_threads():
        return await where_called(work)
    context = contextvars.copy_context()
    executor = ThreadPoolExecutor(1, "flask_auth0 hook")
    try:
        return await get_loop().run_in_executor(executor, context.run, work)
    finally:
        executor.shutdown(wait=False)


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _wait(coroutine: Coroutine[t.Any, t.Any, T], timeout: float | None) -> T:
    limit = None if timeout is None else timeout + _GRACE
    if greenlets.are_threads():
        return greenlets.wait(get_loop(), coroutine, limit)
    future = asyncio.run_coroutine_threadsafe(coroutine, get_loop())
    try:
        return future.result(limit)
    finally:
        # A caller that stops waiting, by an interrupt for example, needs no result.
        future.cancel()


def _start_apart() -> asyncio.AbstractEventLoop:
    """Start the loop without the context of the request that is the first to need it.

    A loop keeps the context variables of whoever has made it as long as it runs.
    """
    return contextvars.Context().run(_start)


def _start() -> asyncio.AbstractEventLoop:
    greenlets.refuse_eventlet()
    if greenlets.are_threads():
        loop = _discreet(greenlets.make_loop())
        _ours[loop] = True
        greenlets.start_thread(loop.run_forever)
        return loop
    loop = _discreet(asyncio.new_event_loop())
    _ours[loop] = False
    threading.Thread(target=loop.run_forever, name="flask_auth0", daemon=True).start()
    return loop


def _discreet(loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    """Keep secrets out of what the loop logs."""

    def log(loop: asyncio.AbstractEventLoop, context: dict[str, t.Any]) -> None:
        without_secrets(context.get("exception"))
        loop.default_exception_handler(context)

    loop.set_exception_handler(log)
    # In debug mode asyncio logs the results of slow coroutines, tokens among them.
    loop.set_debug(False)
    return loop


_loops = PerProcess(_start_apart)
#: The loops that this module has started, and whether gevent had replaced threads.
_ours: dict[asyncio.AbstractEventLoop | None, bool] = {}
