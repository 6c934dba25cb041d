"""Checks of a Redis that keeps sessions or revocations."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from ...sessions.stores.base import BackEnd
from ...sessions.stores.redis_durability import durability_of
from .examination import Check
from .findings import Verdict, ok, warning, wrong
from .store import Examine, asking

#: The part of its memory above which a Redis is nearly full.
_NEARLY_FULL = 0.9
_DURABLE = "Set 'appendonly yes' and 'appendfsync always' there."


def _role(client: t.Any) -> Iterator[Verdict]:
    if client.info("replication").get("role") == "master":
        yield ok("It is a primary.")
    else:
        yield wrong("It is a replica: what is written there gets lost.", _PRIMARY)


_PRIMARY = "Name the primary, or redis+sentinel://host:26379/service."


def _policy(client: t.Any) -> Iterator[Verdict]:
    found = durability_of(client)
    if found.policy == "noeviction":
        yield ok("It drops nothing when its memory is full.")
    elif found.drops_sessions:
        told = f"maxmemory-policy is {found.policy}: full, it drops sessions."
        yield wrong(told, "Set 'noeviction' there.")
    else:
        told = (
            f"maxmemory-policy is {found.policy}, which a maxmemory would put to work."
        )
        yield warning(told, "Set 'noeviction' there.")


def _persistence(client: t.Any) -> Iterator[Verdict]:
    found = durability_of(client)
    if found.is_logged and found.fsync == "always":
        yield ok("It keeps each write before it answers.")
    elif found.is_logged:
        told = f"With appendfsync {found.fsync}, a crash revives sessions that have "
        yield warning(f"{told}just ended.", "Set 'appendfsync always' there.")
    elif found.is_snapshots_only:
        told = "It keeps snapshots only: a crash revives sessions that ended since."
        yield warning(told, _DURABLE)
    else:
        told = "It keeps nothing on disk: when it ends, everybody is logged out."
        yield warning(told, _DURABLE)


def _memory(client: t.Any) -> Iterator[Verdict]:
    found = client.info("memory")
    used, most = found.get("used_memory", 0), found.get("maxmemory", 0)
    if not most:
        yield ok(f"It uses {_megabytes(used)}, without a limit.")
        return
    told = f"It uses {_megabytes(used)} of {_megabytes(most)}."
    if used > most * _NEARLY_FULL:
        yield wrong(told, "Give it more memory: full, it refuses logins.")
    else:
        yield ok(told)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _of_one_server(examine: t.Callable[[t.Any], Iterator[Verdict]]) -> Examine:
    """Return a check of one Redis; each node of a cluster has settings of its own."""

    def run(back_end: BackEnd) -> Iterator[Verdict]:
        import redis

        if not isinstance(back_end.client, redis.Redis):
            return
        try:
            yield from list(examine(back_end.client))
        except redis.ResponseError:
            told = "The user of the connection may not ask for this."
            yield ok(f"{told} Sessions do not need it.")

    return run


def checks_of(name: str) -> tuple[Check, ...]:
    """Return the checks of a back end, if it is a Redis."""
    examined = {
        "role": _role,
        "policy": _policy,
        "persistence": _persistence,
        "memory": _memory,
    }
    return tuple(
        Check(f"{name}.{what}", asking(name, _of_one_server(examine)), (name,))
        for what, examine in examined.items()
    )
