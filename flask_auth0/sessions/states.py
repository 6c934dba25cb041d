"""States as sealed parts, and back, unless they have expired."""

from __future__ import annotations

import functools
import math
import time
import typing as t

from .compartment import BODY, HEAD, Compartment, Entry
from .index import Labels, record_of
from .lifetime import Lifetime, Moments
from .sealing import Sealer
from .shapes import is_body, is_head

State = dict[str, t.Any]

#: The fields of a state that are read with every request; all others are its body.
HEAD_FIELDS = ("user", "domain", "internal")


#: How many heads a process remembers, some 5 KB each.
REMEMBERED = 512


class NotAHeadError(Exception):
    """What is there is not the head of a state, or not for that record."""


class States:
    """Seals states for one record each, and opens them.

    :param sealer: encrypts them.
    :param lifetime: how long sessions last.
    :param labels: makes the labels of their records.
    """

    def __init__(self, sealer: Sealer, lifetime: Lifetime, labels: Labels) -> None:
        self.sealer = sealer
        self.lifetime = lifetime
        self.labels = labels
        # Browsers send the same head again and again. What fails is not remembered:
        # nobody can push out with nonsense what others need.
        self._opened = functools.lru_cache(REMEMBERED)(self._open_head)

    def read_body(self, compartment: Compartment, head: State) -> State | None:
        """Return the body of a state, or ``None``."""
        record = record_of(head["internal"]["session_id"])
        sealed = compartment.read(record, BODY)
        if sealed is None:
            return None
        body = _body_sealer(head).open(sealed, record + BODY)
        return t.cast(State, body) if is_body(body) else None

    def read_head(self, compartment: Compartment, record: str) -> State | None:
        """Return the head of a state, or ``None``. One that has expired is removed.

        Others may have the same one: whoever changes it needs a copy.
        """
        try:
            head = self._opened(compartment.read(record, HEAD), record)
        except NotAHeadError:
            return None
        if time.time() >= self.lifetime.expires_at(moments(head)):
            compartment.delete(Entry(record, self.labels.of_head(head)))
            return None
        return head

    def seal(
        self, head: State, body: State | None = None
    ) -> tuple[dict[str, str], int]:
        """Return the sealed parts, and for how many seconds they are worth keeping."""
        record = record_of(head["internal"]["session_id"])
        sealed = {HEAD: self.sealer.seal(head, record + HEAD)}
        if body is not None:
            sealed[BODY] = _body_sealer(head).seal(body, record + BODY)
        left = self.lifetime.ends_at(moments(head)) - time.time()
        return sealed, max(1, int(left))

    def _open_head(self, sealed: str | None, record: str) -> State:
        head = None if sealed is None else self.sealer.open(sealed, record + HEAD)
        if not is_head(head):
            raise NotAHeadError
        return t.cast(State, head)


def split(state: State) -> tuple[State, State]:
    """Return the head and the body of a state."""
    head = {field: state.get(field) for field in HEAD_FIELDS}
    body = {field: state[field] for field in state if field not in HEAD_FIELDS}
    return head, body


def moments(head: State) -> Moments:
    """Return what a state says of its own time."""
    internal = head["internal"]
    return Moments(
        internal["created_at"],
        internal["seen"],
        internal.get("session_expires_at"),
        internal.get("longest", math.inf),
    )


def _body_sealer(head: State) -> Sealer:
    return Sealer([head["internal"]["body_key"]], "body")
