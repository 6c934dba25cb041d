"""A program that takes locks as each line tells it, and says what came of it."""

from __future__ import annotations

import contextlib
import importlib
import json
import subprocess
import sys
import typing as t
from collections.abc import Iterator, Mapping
from pathlib import Path

from flask_auth0.sessions.stores.base import BackEnd
from flask_auth0.sessions.stores.lease import Lock
from tests.harness.processes import ROOT, environment
from tests.harness.setups import setup

LIMIT = 10.0


def make_store(settings: Mapping[str, t.Any]) -> BackEnd:
    """Return the back end that some settings name."""
    name = f"flask_auth0.sessions.stores.{settings['SESSION_TYPE']}"
    return t.cast(BackEnd, importlib.import_module(name).make(setup(settings, LIMIT)))


def work(store: BackEnd, folder: Path, times: int) -> None:
    """Take a lock some times, and fail if anybody else has it as well."""
    while times:
        lock = store.try_lock("work")
        if lock is not None:
            (folder / "alone").mkdir()
            (folder / "alone").rmdir()
            lock.release()
            times -= 1


class Program:
    """The commands of the program, one per method."""

    _store: BackEnd

    def __init__(self) -> None:
        self._held: dict[str, Lock] = {}

    def use(self, settings: str) -> str:
        self._store = make_store(json.loads(settings))
        return "ready"

    def take(self, key: str) -> str:
        lock = self._store.ask(lambda: self._store.try_lock(key))
        if lock is None:
            return "taken"
        self._held[key] = lock
        return "held"

    def let_go(self, key: str) -> str:
        self._held.pop(key).release()
        return "gone"

    def work(self, argument: str) -> str:
        times, _, folder = argument.partition(" ")
        work(self._store, Path(folder), int(times))
        return "done"


class Other:
    """Another process that runs the program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tell(self, command: str, argument: str) -> None:
        assert self._process.stdin
        print(command, argument, file=self._process.stdin, flush=True)

    def answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def ask(self, command: str, argument: str) -> str:
        """Give a command, and return what came of it."""
        self.tell(command, argument)
        return self.answer()

    def use(self, settings: Mapping[str, str]) -> None:
        """Let it take locks of a back end from here on."""
        # A lock that is taken before would not last until it has it.
        assert self.ask("use", json.dumps(settings)) == "ready"

    def kill(self) -> None:
        """End it so that it can do nothing about it."""
        self._process.kill()
        self._process.wait()


@contextlib.contextmanager
def other_process() -> Iterator[Other]:
    """Run the program in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        env=environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Other(process)
        process.kill()


if __name__ == "__main__":
    program = Program()
    for line in sys.stdin:
        name, _, argument = line.strip().partition(" ")
        print(getattr(program, name)(argument), flush=True)
