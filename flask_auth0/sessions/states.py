"""States as sealed parts, and back, unless they have expired."""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from .compartment import BODY, HEAD, Compartment, Entry
from .index import Labels, record_of
from .lifetime import Lifetime
from .sealing import Sealer
from .shapes import is_body, is_head

State = dict[str, t.Any]

#: The fields of a state that are read with every request; all others are its body.
HEAD_FIELDS = ("user", "domain", "internal")


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

    def read_body(self, compartment: Compartment, head: State) -> State | None:
        """Return the body of a state, or ``None``."""
        record = record_of(head["internal"]["session_id"])
        body = _open(_body_sealer(head), compartment, record, BODY)
        return t.cast(State, body) if is_body(body) else None

    def read_head(
        self, compartment: Compartment, record: str, session_id: str | None = None
    ) -> State | None:
        """Return the head of a state, or ``None``. One that has expired is removed.

        :param session_id: what the record is of, if that is known.
        """
        head: State = _open(self.sealer, compartment, record, HEAD)
        if not is_head(head):
            return None
        named = head["internal"]["session_id"]
        if named != session_id and record_of(named) != record:
            return None
        if time.time() >= self._lifetime_of(head).expires_at(*moments(head)):
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
        created, _, ceiling = moments(head)
        left = self._lifetime_of(head).ends_at(created, ceiling) - time.time()
        return sealed, max(1, int(left))

    def _lifetime_of(self, head: State) -> Lifetime:
        """Return how long a state lasts: by the configuration, but not longer than it
        could at its login. Its labels, and what ended it, are forgotten after that.
        """
        longest = head["internal"].get("longest", self.lifetime.absolute)
        absolute = min(longest, self.lifetime.absolute)
        return replace(self.lifetime, absolute=absolute)


def split(state: State) -> tuple[State, State]:
    """Return the head and the body of a state."""
    head = {field: state.get(field) for field in HEAD_FIELDS}
    body = {field: state[field] for field in state if field not in HEAD_FIELDS}
    return head, body


def moments(head: State) -> tuple[float, float, float | None]:
    """Return when a state was created and last used, and the provider's limit."""
    internal = head["internal"]
    ceiling = internal.get("session_expires_at")
    return internal["created_at"], internal["seen"], ceiling


def _body_sealer(head: State) -> Sealer:
    return Sealer([head["internal"]["body_key"]], "body")


def _open(sealer: Sealer, compartment: Compartment, record: str, part: str) -> t.Any:
    sealed = compartment.read(record, part)
    return None if sealed is None else sealer.open(sealed, record + part)
