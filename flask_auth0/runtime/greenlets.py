"""The event loop in a process where gevent has replaced Python's threads."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import typing as t
from collections.abc import Callable, Coroutine

T = t.TypeVar("T")

#: The class of the error where an event loop cannot run. The set-up replaces it with
#: one that answers requests as well.
refusal: type[Exception] = RuntimeError

#: The gevent hub of the thread that waits for the running coroutine.
_waiting_hub: contextvars.ContextVar[t.Any] = contextvars.ContextVar("waiting_hub")


def are_threads() -> bool:
    """Tell whether ``threading`` starts greenlets instead of threads."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def refuse_eventlet() -> None:
    """Raise an error where eventlet has replaced Python's threads.

    asyncio would take all its green threads for the one that runs the event loop.

    :raises Exception: of the class :data:`refusal`, with a remedy.
    """
    patcher = sys.modules.get("eventlet.patcher")
    if patcher is not None and patcher.is_monkey_patched("thread"):
        raise refusal(
            "eventlet has replaced Python's threads, and the extension does not work "
            "then. Serve the app with threads or with gevent, or leave out 'thread' "
            "where eventlet.monkey_patch() is called."
        )


def start_thread(target: Callable[[], t.Any]) -> None:
    """Start a thread of the operating system.

    asyncio knows one running loop per thread: if the loop ran on a greenlet, it would
    take all greenlets of the thread for its own.
    """
    _original("_thread", "start_new_thread")(target, ())


def make_loop() -> asyncio.AbstractEventLoop:
    """Make an event loop on the system's own selector, not on gevent's."""

    class NativeLoop(asyncio.SelectorEventLoop):
        def run_in_executor(  # type: ignore[override]
            self, executor: t.Any, func: Callable[..., t.Any], *args: t.Any
        ) -> asyncio.Future[t.Any]:
            future = self.create_future()
            start_thread(lambda: _settle(self, future, func, args))
            return future

        async def getaddrinfo(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            lookup = _original("socket", "getaddrinfo")
            return await self.run_in_executor(None, lambda: lookup(*args, **kwargs))

    # Looking up a host imports this codec; several threads that did so at once would
    # deadlock on gevent's import lock.
    "host".encode("idna")
    return NativeLoop(_original("selectors", "DefaultSelector")())


async def call_back(work: Callable[[], T]) -> T:
    """Do work on a greenlet of the thread that waits for the current coroutine.

    gevent's sockets, a back end's among them, can be used on their own thread only.
    """
    import gevent

    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    waiting = _waiting_hub.get()
    waiting.loop.run_callback_threadsafe(gevent.spawn, _settle, loop, future, work, ())
    return await future


def wait(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[t.Any, t.Any, T],
    limit: float | None = None,
) -> T:
    """Run a coroutine on the loop's thread while other greenlets of this one go on.

    Only gevent's async watcher may be used from another thread; with a lock, the hub
    would have nothing left to wait for, and give up.

    :param limit: seconds; the coroutine itself has a shorter limit.
    :raises TimeoutError: when the time is over.
    """
    import gevent
    import gevent.event

    done = gevent.event.Event()
    hub = gevent.get_hub()
    _waiting_hub.set(hub)
    watcher = hub.loop.async_()
    watcher.start(done.set)
    tasks: list[asyncio.Task[T]] = []

    def start() -> None:
        task = loop.create_task(coroutine)
        tasks.append(task)
        task.add_done_callback(lambda _: watcher.send())

    loop.call_soon_threadsafe(start)
    try:
        if not done.wait(limit):
            raise TimeoutError
        return tasks[0].result()
    except BaseException:
        # A caller that stops waiting, by a greenlet's timeout for example, needs no
        # result.
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
        raise
    finally:
        watcher.stop()
        watcher.close()


def _settle(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[t.Any],
    func: Callable[..., t.Any],
    args: tuple[t.Any, ...],
) -> None:
    try:
        settle, outcome = future.set_result, func(*args)
    except Exception as error:
        settle, outcome = future.set_exception, error
    loop.call_soon_threadsafe(lambda: None if future.cancelled() else settle(outcome))


def _original(module: str, name: str) -> t.Any:
    return sys.modules["gevent.monkey"].get_original(module, name)
