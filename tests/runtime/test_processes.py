"""Objects of one process, even if Python does not know that it was forked."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_auth0.runtime.processes import PerProcess
from tests.harness.scripts import run_script

HELD = """
    import os, tempfile, threading
    from cachelib import FileSystemCache
    from flask_auth0.runtime.processes import PerProcess
    from flask_auth0.sessions.server import adapter
    from flask_auth0.sessions.stores.cachelib import CachelibBackEnd
    from tests.harness.forks import fork
    from tests.harness.setups import setup

    cache = FileSystemCache(tempfile.mkdtemp())
    store = CachelibBackEnd(setup(limit=1), cache)
    mine, making = PerProcess(object), threading.Event()

    def hang():
        making.set()
        threading.Event().wait()

    slow = PerProcess(hang)
    threading.Thread(target=slow.get, daemon=True).start()
    assert making.wait(10)
    slow.of._make = os.getpid
    own = adapter.AdaptedBackEnd.__new__(adapter.AdaptedBackEnd)
    locks = [own.mutex("a"), store.mutex("a")]
    for lock in locks:
        lock.acquire()
    before = mine.get()
    child = fork()
    if child == 0:
        with own.mutex("a"):
            store.keep("a", b"1", 60)
        os._exit(42 if mine.get() is not before and slow.get() == os.getpid() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    assert mine.get() is before
"""


def test_locks_that_others_held_at_the_fork() -> None:
    run_script(HELD)


def test_threads_that_are_first_together_get_the_same() -> None:
    count, barrier = [0], threading.Barrier(8)

    def make() -> object:
        count[0] += 1
        return object()

    each = PerProcess(make)

    def get(_: int) -> object:
        barrier.wait()
        return each.get()

    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(get, range(8)))
    assert len(set(found)) == count[0] == 1
    assert each.get() is found[0]


def test_what_could_not_be_made_is_made_the_next_time() -> None:
    numbers: list[int] = []

    def make() -> int:
        return numbers.pop()

    each = PerProcess(make)
    with pytest.raises(IndexError):
        each.get()
    numbers.append(1)
    assert each.get() == 1


def test_a_number_that_is_given_to_another_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    each = PerProcess(object)
    first = each.get()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert each.get() is not first
    monkeypatch.undo()
    assert each.get() is not first
