"""A program whose back ends run out of files, and then have some again.

It reads the settings of one from each line, and prints the HTTP status of the error.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import typing as t
from collections.abc import Iterator

import pytest

from flask_auth0 import SessionStoreUnavailable
from tests.contracts.index import opened
from tests.harness.processes import ROOT, environment

Settings = dict[str, t.Any]


@contextlib.contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open no file and no connection, as drivers have to."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def status_without_files(settings: Settings) -> int | None:
    """Return how the lack of files is answered by a back end that works otherwise."""
    store = opened(settings)
    store.keep("key", b"1", 60)
    store.close()
    with pytest.MonkeyPatch.context() as patch:
        # After a fork, connections are made anew.
        patch.setattr(os, "getpid", lambda: -1)
        with no_more_files(), pytest.raises(SessionStoreUnavailable) as refused:
            store.ask(store.keep, "key", b"2", 60)
        store.ask(store.keep, "key", b"2", 60)
        store.close()
    return refused.value.code


@contextlib.contextmanager
def fileless_process() -> Iterator[t.Callable[[Settings], int]]:
    """Run the program, which would leave no file for the tests beside it."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        env=environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        said, heard = process.stdin, process.stdout
        assert said is not None
        assert heard is not None

        def ask(settings: Settings) -> int:
            print(json.dumps(settings), file=said, flush=True)
            return int(heard.readline())

        yield ask


if __name__ == "__main__":
    for line in sys.stdin:
        print(status_without_files(json.loads(line)), flush=True)
