"""The places of sessions, each with the account that it gives of itself."""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

Settings = dict[str, t.Any]
#: How often each command was given.
Commands = Counter[str]


class Place(t.NamedTuple):
    """A place of sessions."""

    title: str
    #: Of the server, or what imitates it.
    version: str
    #: Of an app that keeps its sessions there.
    settings: Settings
    #: Returns the bytes that all of them take, where they are weighed.
    used: Callable[[], float] | None
    #: What counts these bytes.
    scales: str
    #: Returns the commands so far.
    asked: Callable[[], Commands]
    #: What only reads, of the commands.
    reading: frozenset[str]
    #: Which size of the benchmark says how many sessions are weighed there.
    amount: t.Literal["in_memory", "in_bulk", "one_by_one", "imitated"]
    #: Returns what is billed in the place of commands.
    units: Callable[[], Commands] | None = None
    #: Returns how often an answer was waited for, unless that is once for a command.
    trips: Callable[[], int] | None = None

    @property
    def name(self) -> str:
        """What it is, and which one."""
        return f"{self.title} ({self.version})"


#: What one place needs to run: it yields the place, or nothing where it is missing.
Run = Callable[[str, Path], t.ContextManager[Place | None]]


@contextmanager
def running_places(redis_url: str, folder: Path) -> Iterator[list[Place]]:
    """Run all the places that this machine has.

    :param redis_url: of a Redis whose other databases may be used.
    :param folder: has room for files.
    """
    from . import files, imitations, memcached, postgresql, redis

    runs: list[Run] = [
        redis.running,
        redis.cluster,
        redis.revocations,
        postgresql.running,
        files.sqlite,
        files.folder,
        memcached.running,
        imitations.mongodb,
        imitations.dynamodb,
    ]
    with ExitStack() as stack:
        found = [stack.enter_context(run(redis_url, folder)) for run in runs]
        yield [place for place in found if place is not None]
