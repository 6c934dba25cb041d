"""A fork that Python is not told of, as uWSGI makes it."""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path

_TASKS = Path("/proc/self/task")


def fork() -> int:
    """Fork, when no other thread waits for the interpreter.

    Python's own fork would tell those who have asked for that. Where a thread waits for
    the interpreter meanwhile, CPython goes on waiting in the child for that thread to
    take it, which is not there.
    """
    while _TASKS.exists() and _are_awake():
        pass
    child: int = ctypes.PyDLL(None).fork()
    return child


def _are_awake() -> bool:
    """Tell whether other threads have run while this one slept."""
    before = _switches()
    time.sleep(0.02)
    return _switches() != before


def _switches() -> dict[str, str]:
    """How often each other thread has gone to sleep: who waits does so by the clock."""
    found = {}
    for task in _TASKS.iterdir():
        if int(task.name) != os.getpid():
            lines = (task / "status").read_text().splitlines()
            found[task.name] = next(line for line in lines if line[:5] == "volun")
    return found
