"""Counts the calls that a request makes in the package's own code."""

from __future__ import annotations

import sys
import types
import typing as t
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.architecture.hops import Waiting, followed
from tests.harness.own_code import PACKAGE

#: Comprehensions are frames of their own in some releases of Python, and inlined in
#: others.
_NOT_COUNTED = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"))


class Steps:
    """The calls of functions of the package, and those that they make directly.

    What a function of a library does in turn is that release's own, and is not counted.
    """

    def __init__(self) -> None:
        #: How often each function of the package was called, by its file and name.
        self.ours: Counter[str] = Counter()
        #: How often one of them has called a function of a library.
        self.others: Counter[str] = Counter()
        #: Whether nothing is counted any more. Threads of the loop go on after a walk.
        self.is_over = False
        self._waiting = Waiting()

    def note(self, frame: types.FrameType, event: str, argument: t.Any) -> None:
        """Count an event of :func:`sys.setprofile`."""
        code = frame.f_code
        if event != "call" or code.co_name in _NOT_COUNTED or self.is_over:
            return
        if self._waiting.goes_on(frame):
            return
        name = f"{Path(code.co_filename).name}:{code.co_name}"
        if _is_ours(frame):
            self.ours[name] += 1
        elif _is_ours(frame.f_back):
            self.others[name] += 1


@contextmanager
def counted() -> Iterator[Steps]:
    """Count in this thread."""
    steps = Steps()
    sys.setprofile(steps.note)
    try:
        yield steps
    finally:
        sys.setprofile(None)


@contextmanager
def counted_everywhere() -> Iterator[Steps]:
    """Count in this thread, on the extension's event loop, and in its threads."""
    steps = Steps()
    with followed(steps.note):
        yield steps
    steps.is_over = True


def _is_ours(frame: types.FrameType | None) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith(PACKAGE)
