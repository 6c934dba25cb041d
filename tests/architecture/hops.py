"""Counts how often the code of the package goes on in another of its files."""

from __future__ import annotations

import inspect
import sys
import threading
import types
import typing as t
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from flask_auth0.runtime.loop import get_loop
from tests.harness.own_code import PACKAGE

_TENANT = PACKAGE + "tenant/"

#: Of code whose frames can be left and entered again.
_CAN_WAIT = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR

Frame = types.FrameType | None
#: A function for :func:`sys.setprofile`.
Note = t.Callable[[types.FrameType, str, t.Any], None]


class Waiting:
    """The coroutines and generators that have been counted."""

    def __init__(self) -> None:
        # Kept, so that no other frame has the id of one of them.
        self._known: dict[int, types.FrameType] = {}

    def goes_on(self, frame: types.FrameType) -> bool:
        """Tell whether a coroutine or a generator goes on that has been counted.

        How often they do depends on what they wait for, and so on the machine.
        """
        if not frame.f_code.co_flags & _CAN_WAIT:
            return False
        is_known = id(frame) in self._known
        self._known[id(frame)] = frame
        return is_known


class Hops:
    """The calls that enter another file of the package than their caller's.

    A call by way of a library has the nearest caller in the package as its caller. One
    that has none, such as a hook that Flask calls, enters the package and is no hop.
    """

    def __init__(self) -> None:
        self.by_files: Counter[tuple[str, str]] = Counter()
        self.files: set[str] = set()
        #: The files that were entered, one after the other.
        self.entered: list[str] = []
        #: Whether nothing is counted any more. Threads of the loop go on after a walk.
        self.is_over = False
        self._waiting = Waiting()

    def __int__(self) -> int:
        return sum(self.by_files.values())

    def most_entered(self) -> str:
        """Return which files are entered most often, and how often."""
        found: Counter[str] = Counter()
        for (_, name), count in self.by_files.items():
            found[name] += count
        return ", ".join(f"{name} {count}" for name, count in found.most_common(8))

    def note(self, frame: types.FrameType, event: str, argument: t.Any) -> None:
        """Count an event of :func:`sys.setprofile`."""
        if event != "call" or self.is_over:
            return
        name = _name_of(frame)
        if name is None:
            return
        self.files.add(name)
        caller = _caller_of(frame)
        if caller != name:
            self.entered.append(name)
        if caller not in {None, name} and not self._waiting.goes_on(frame):
            self.by_files[str(caller), name] += 1


@contextmanager
def counted() -> Iterator[Hops]:
    """Count in this thread, on the extension's event loop, and in its threads."""
    hops = Hops()
    with followed(hops.note):
        yield hops
    hops.is_over = True


@contextmanager
def followed(note: Note) -> Iterator[None]:
    """Let a function know of all calls in these threads."""
    # Threads from before would not be looked at.
    _on_the_loop(lambda: get_loop().set_default_executor(ThreadPoolExecutor()))
    threading.setprofile(note)
    _on_the_loop(lambda: sys.setprofile(note))
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        _on_the_loop(lambda: sys.setprofile(None))
        threading.setprofile(None)


def _on_the_loop(work: t.Callable[[], t.Any]) -> None:
    done = threading.Event()
    get_loop().call_soon_threadsafe(work)
    get_loop().call_soon_threadsafe(done.set)
    done.wait()


def _name_of(frame: types.FrameType) -> str | None:
    """Return the file of a frame, if it is in the package."""
    name = frame.f_code.co_filename
    if not name.startswith(PACKAGE) or name.startswith(_TENANT):
        return None
    return name.removeprefix(PACKAGE)


def _caller_of(frame: types.FrameType) -> str | None:
    """Return the file of the nearest caller in the package."""
    caller: Frame = frame.f_back
    while caller is not None:
        name = _name_of(caller)
        if name is not None:
            return name
        caller = caller.f_back
    return None
