"""States as sealed parts, and back, unless they have expired."""

from __future__ import annotations

import time
import typing as t

from .compartment import BODY, HEAD, Compartment, Entry
from .index import Labels, record_of
from .lifetime import Lifetime
from .sealing import Sealer

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
        return _open(_body_sealer(head), compartment, record, BODY)

    def read_head(self, compartment: Compartment, record: str) -> State | None:
        """Return the head of a state, or ``None``. One that has expired is removed."""
        head = _open(self.sealer, compartment, record, HEAD)
        if head is None or not _is_head(head):
            return None
        if time.time() >= self.lifetime.expires_at(*moments(head)):
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
        left = self.lifetime.ends_at(created, ceiling) - time.time()
        return sealed, max(1, int(left))


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


def _open(
    sealer: Sealer, compartment: Compartment, record: str, part: str
) -> State | None:
    sealed = compartment.read(record, part)
    opened = None if sealed is None else sealer.open(sealed, record + part)
    return opened if isinstance(opened, dict) else None


def _is_head(head: State) -> bool:
    """Tell whether it is one that this version has written."""
    user, internal = head.get("user"), head.get("internal")
    if not isinstance(user, dict) or not isinstance(internal, dict):
        return False
    times = [internal.get("created_at"), internal.get("seen")]
    times += [internal.get("session_expires_at") or 0]
    texts = [user.get("sub"), internal.get("body_key")]
    return all(isinstance(each, str) for each in texts) and all(
        isinstance(each, int | float) for each in times
    )
