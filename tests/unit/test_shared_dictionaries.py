"""Dictionaries that threads share may change while one of them looks through them."""

from __future__ import annotations

import gc
import itertools
import typing as t
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask_auth0.client.places import Places
from flask_auth0.client.repeated_callbacks import Callback, CallbackAnswers
from flask_auth0.sessions.cookies.newest_states import _Lately
from tests.harness.clock import Clock


@contextmanager
def others_come(change: Callable[[], object]) -> Iterator[None]:
    """Let another thread in wherever the garbage collector may, as often as it may."""

    def come(phase: str, info: object) -> None:
        if phase == "start":
            change()

    before = gc.get_threshold()
    gc.callbacks.append(come)
    gc.set_threshold(1)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(come)


def test_callbacks(clock: Clock) -> None:
    answers = CallbackAnswers(t.cast(t.Any, None), 1, Places(1, 1, clock))
    known, names = answers._known.get(), map(str, itertools.count())
    known.update((name, Callback()) for name in itertools.islice(names, 100))
    with others_come(lambda: known.update({next(names): Callback()})):
        for each in range(100):
            answers._add(f"own {each}", Callback())


def test_states_of_browsers(clock: Clock) -> None:
    lately: _Lately[int] = _Lately(1000, clock)
    names = map(str, itertools.count())
    for name in itertools.islice(names, 100):
        lately.keep(name, 1, -1)
    with others_come(lambda: lately._values.update({next(names): (0.0, 1)})):
        for each in range(100):
            lately.keep(f"own {each}", 1, 60)
