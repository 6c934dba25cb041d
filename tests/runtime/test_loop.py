"""The event loop: visible context, time limits, forks, threads and greenlets."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading

import pytest

from flask_auth0.runtime import loop
from tests.harness.deadlines import within
from tests.harness.scripts import run_script

variable = contextvars.ContextVar("variable", default="unset")


async def answer() -> str:
    await asyncio.sleep(0)
    return variable.get()


def test_the_callers_context_is_visible() -> None:
    variable.set("seen")
    assert loop.run(answer(), 5) == "seen"
    assert contextvars.copy_context().run(loop.run, answer(), 5) == "seen"


def test_one_loop_for_all_threads() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def which() -> None:
        loops.append(asyncio.get_running_loop())

    threads = [threading.Thread(target=lambda: loop.run(which(), 5)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loops == [loop.get_loop()] * 20


def test_a_time_limit_cancels() -> None:
    cancelled = threading.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    with pytest.raises(TimeoutError, match=r"0\.05"):
        loop.run(slow(), 0.05)
    assert cancelled.wait(5)


def test_nobody_waits_for_a_loop_that_is_held_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loop keeps the limits, so a caller must not rely on it."""
    monkeypatch.setattr(loop, "_GRACE", 0.1)
    held_up, goes_on = threading.Event(), threading.Event()

    def hold_up() -> None:
        held_up.set()
        assert goes_on.wait(10)

    loop.get_loop().call_soon_threadsafe(hold_up)
    assert held_up.wait(10)
    try:
        with pytest.raises(TimeoutError):
            loop.run(answer(), 0.1)
    finally:
        goes_on.set()
    assert loop.run(answer(), 5) == variable.get()


def test_errors_come_out() -> None:
    async def wrong() -> None:
        raise LookupError("inside")

    with pytest.raises(LookupError, match="inside"):
        loop.run(wrong(), 5)


def test_waiting_for_the_loop_on_the_loop_is_an_error() -> None:
    async def inside() -> None:
        loop.run(answer(), 5)

    with pytest.raises(RuntimeError, match="use 'await'"):
        loop.run(inside(), 5)


def test_awaiting_from_other_loops() -> None:
    async def which() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    for _ in range(3):
        assert asyncio.run(loop.call(which())) is loop.get_loop()


def test_asyncios_debug_mode_logs_no_results() -> None:
    """asyncio's debug mode would log the result of a slow coroutine, maybe a token."""
    script = """
        import asyncio, logging, time
        logging.basicConfig(level="DEBUG")
        from flask_auth0.runtime import loop

        async def slow():
            time.sleep(0.2)
            return "a-token"

        assert loop.run(slow(), 5) == "a-token"
    """
    assert "a-token" not in run_script(script, PYTHONASYNCIODEBUG="1")


def test_it_keeps_nothing_of_who_starts_it() -> None:
    """The first request that needs it may have brought an upload."""
    script = """
        import contextvars, gc, weakref
        from flask_auth0.runtime import loop

        class Upload:
            pass

        upload = Upload()
        gone = weakref.ref(upload)
        request = contextvars.ContextVar("request")
        contextvars.copy_context().run(lambda: (request.set(upload), loop.get_loop()))
        del upload
        gc.collect()
        assert gone() is None
    """
    run_script(script)


FORK = """
    import asyncio, os, sys
    from flask_auth0.runtime import loop
    from tests.harness import forks

    async def answer():
        await asyncio.sleep(0)
        return 42

    assert loop.run(answer(), 5) == 42
    child = os.fork()
    if child == 0:
        os._exit(loop.run(answer(), 5))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    assert loop.run(answer(), 5) == 42
"""

GEVENT = """
    from gevent import monkey
    monkey.patch_all()
    import asyncio, time
    import gevent
    from flask_auth0.runtime import loop

    async def answer(number):
        await asyncio.sleep(0.2)
        await asyncio.get_running_loop().getaddrinfo("localhost", 80)
        return number

    async def forever():
        await asyncio.sleep(60)

    started = time.monotonic()
    asked = [gevent.spawn(lambda n=n: loop.run(answer(n), 5)) for n in range(20)]
    gevent.joinall(asked)
    assert [each.value for each in asked] == list(range(20))
    assert time.monotonic() - started < 2
    try:
        loop.run(forever(), 0.05)
    except TimeoutError:
        pass
    else:
        raise AssertionError
    assert asyncio.run(loop.call(answer(1))) == 1
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("fork", ["os.fork()", "forks.fork()"])
def test_a_fork_gets_a_loop_of_its_own(fork: str) -> None:
    """Also one that Python is not told of, as under uWSGI."""
    run_script(FORK.replace("os.fork()", fork))


def test_greenlets() -> None:
    pytest.importorskip("gevent", reason="gevent is not installed: pip install gevent")
    run_script(GEVENT)


def test_many_calls_at_once_do_not_wait_for_each_other() -> None:
    async def pause() -> None:
        await asyncio.sleep(0.2)

    threads = [threading.Thread(target=lambda: loop.run(pause(), 5)) for _ in range(20)]
    with within(2):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
