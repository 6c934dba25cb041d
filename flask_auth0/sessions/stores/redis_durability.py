"""How well a Redis keeps what it is told."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from msgspec import Struct

from ...config.problems import Problem, warning
from .redis_urls import FAILURES


class Durability(Struct, frozen=True):
    """The settings of a server on which it depends what a crash or a full memory costs.

    Those that the server does not tell are as if nothing could get lost.
    """

    #: Whether each write is in its log (``appendonly``), and when the log is on disk.
    is_logged: bool
    fsync: str
    #: Whether it keeps snapshots.
    has_snapshots: bool
    #: Whether its memory is limited, and what goes first when that is full.
    is_limited: bool
    policy: str

    @property
    def is_snapshots_only(self) -> bool:
        """Whether a crash revives what has ended since the last snapshot."""
        return self.has_snapshots and not self.is_logged

    @property
    def drops_sessions(self) -> bool:
        """Whether it drops sessions when its memory is full."""
        return self.is_limited and self.policy != "noeviction"


def durability_of(client: t.Any) -> Durability:
    """Ask a server for its settings.

    :raises redis.RedisError: when it does not tell them, or does not answer.
    """
    found: dict[str, str] = {}
    for pattern in ("append*", "save", "maxmemory*"):
        found |= client.config_get(pattern)
    return Durability(
        is_logged=found.get("appendonly") == "yes",
        fsync=found.get("appendfsync", ""),
        has_snapshots=bool(found.get("save")),
        is_limited=found.get("maxmemory", "0") != "0",
        policy=found.get("maxmemory-policy", "noeviction"),
    )


def losses(client: t.Any, key: str) -> Iterator[Problem]:
    """Find what lets a server revive sessions that have ended, or drop live ones."""
    try:
        found = durability_of(client)
    except FAILURES:
        # The user of the connection may lack the right to CONFIG, and each node of a
        # cluster has its own.
        return
    if found.is_snapshots_only:
        yield warning(
            key,
            "names a Redis that keeps snapshots only: after a crash, sessions that "
            "have ended since the last one are alive again. Set 'appendonly yes' and "
            "'appendfsync always' there",
            "redis_snapshots_only",
        )
    if found.is_logged and found.fsync == "no":
        yield warning(
            key,
            "names a Redis with 'appendfsync no': after a crash, sessions that have "
            "ended in the last half minute are alive again. Set 'appendfsync always' "
            "there",
            "redis_appendfsync_no",
        )
    if found.drops_sessions:
        yield warning(
            key,
            f"names a Redis with 'maxmemory-policy {found.policy}': when its memory is "
            "full, it drops sessions, and what finds them. Set 'noeviction' there",
            "redis_evicts",
        )
