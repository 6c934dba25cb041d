"""Seals states in two parts, and opens those that have not expired."""

from __future__ import annotations

import math
import typing as t
from collections.abc import Callable, Sequence

from ..runtime.clock import Clock
from ..runtime.recent import Repeated
from .labels import Labels, name_of_body, record_of
from .lifetime import Lifetime, Moments
from .sealing import Sealer
from .shapes import State, is_body, is_head
from .storage_contract import BODY, HEAD, Compartment, Entry, Head, Records

#: The fields of a state that are read with every request; all others are its body.
HEAD_FIELDS = ("user", "domain", "internal")
#: The most heads that a process remembers, and the most bytes of one.
MOST_HEADS, LARGEST_HEAD = 512, 4096


class States:
    """Seals states for one record each, and opens them.

    :param sealer: encrypts them.
    :param lifetime: how long sessions last.
    :param labels: makes the labels by which records are found.
    :param clock: tells which of them have expired.
    """

    def __init__(
        self, sealer: Sealer, lifetime: Lifetime, labels: Labels, clock: Clock
    ) -> None:
        self.sealer = sealer
        self.lifetime = lifetime
        self.labels = labels
        self.clock = clock
        self._recent: Repeated[tuple[str, str], State] = Repeated(MOST_HEADS)

    def read_body(self, compartment: Compartment, head: State) -> State | None:
        """Return the body of a state, or ``None``."""
        record = record_of(head["internal"]["session_id"])
        texts = compartment.read(record, BODY)
        sealer = _body_sealer(head) if texts else None
        context, user = record + BODY, head["user"]
        opened = [sealer.open(_sealed(e), context, user) for e in texts if sealer]
        bodies = [body for body in opened if is_body(body)]
        return _newest(bodies, _freshness) if bodies else None

    def read_head(self, compartment: Compartment, record: str) -> State | None:
        """Return the head of a state, or ``None``. One that has expired is removed.

        Requests share the dictionary: a caller that changes it needs a copy.
        """
        return self.open_head(compartment, record, compartment.read_head(record))

    def open_head(
        self, compartment: Compartment, record: str, found: Head
    ) -> State | None:
        """Return a head that was read, or ``None``. One that has expired is removed."""
        opened = [each for text in found.texts if (each := self._opened(text, record))]
        head = _newest(opened, _recency) if opened else None
        if head is None:
            return None
        if found.visited_at is not None:
            head = _with_visit(head, found.visited_at)
        if self.clock.time() >= self.lifetime.expires_at(moments(head)):
            compartment.discard(Entry(record, self.labels.of_head(head)))
            return None
        return head

    def is_foreign(self, record: str, found: Head) -> bool:
        """Tell whether a head was read that no secret of this app opens."""
        opened = (self._opened(text, record) for text in found.texts)
        return bool(found.texts) and not any(opened)

    def heads(self, records: Records, names: Sequence[str]) -> dict[str, State]:
        """Return the heads of some records, also of those that have expired."""
        sealed = records.read_all(names, HEAD)
        opened = {k: self.sealer.open(v, k + HEAD) for k, v in sealed.items()}
        return {k: t.cast(State, v) for k, v in opened.items() if is_head(v)}

    def seal(
        self, head: State, body: State | None = None
    ) -> tuple[dict[str, str], int]:
        """Return the sealed parts, and for how many seconds they are worth keeping."""
        record = record_of(head["internal"]["session_id"])
        sealed = {HEAD: self.sealer.seal(head, record + HEAD)}
        if body is not None:
            text = _body_sealer(head).seal(body, record + BODY)
            sealed[BODY] = _named(head, text)
        return sealed, self.max_age(head)

    def seal_together(self, head: State, body: State) -> tuple[dict[str, str], int]:
        """Seal both parts for cookies, which are always written together.

        The body is compressed against the claims of the head, which its ID token says
        once more.
        """
        record = record_of(head["internal"]["session_id"])
        text = _body_sealer(head).seal(body, record + BODY, like=head["user"])
        sealed, max_age = self.seal(head)
        return {**sealed, BODY: _named(head, text)}, max_age

    def max_age(self, head: State) -> int:
        """Return for how many seconds a state is worth keeping."""
        return max(1, int(self.lifetime.ends_at(moments(head)) - self.clock.time()))

    def _opened(self, sealed: str, record: str) -> State | None:
        """Return a head; browsers send the same one again and again."""
        known = self._recent.get((sealed, record))
        if known is not None:
            return known
        head, size = self.sealer.weigh(sealed, record + HEAD)
        if not is_head(head):
            return None
        # A short text can decompress to a large head.
        if size <= LARGEST_HEAD:
            self._recent.keep((sealed, record), head)
        return t.cast(State, head)


def split(state: State) -> tuple[State, State]:
    """Return the head and the body of a state."""
    head = {field: state.get(field) for field in HEAD_FIELDS}
    body = {field: state[field] for field in state if field not in HEAD_FIELDS}
    return head, body


def moments(head: State) -> Moments:
    """Return the moments in a state by which its end is reckoned."""
    internal = head["internal"]
    return Moments(
        internal["created_at"],
        internal["seen"],
        internal.get("session_expires_at"),
        internal.get("longest", math.inf),
    )


def _newest(found: list[State], age: Callable[[State], t.Any]) -> State:
    """Return the newest of several values that a browser has sent under one name.

    Of equally new ones the last counts, as browsers send the latest cookie last.
    """
    return max(reversed(found), key=age) if len(found) > 1 else found[0]


def _recency(head: State) -> tuple[float, float]:
    """Return a key that grows with each change of a session, and with each visit."""
    internal = head["internal"]
    return internal.get("version", 0), internal["seen"]


def _freshness(body: State) -> float:
    """Return the latest end of the tokens, which is that of the newest one."""
    return max((each["expires_at"] for each in body["token_sets"]), default=0)


def _with_visit(head: State, visited_at: float) -> State:
    internal = head["internal"]
    if visited_at <= internal["seen"]:
        return head
    return {**head, "internal": {**internal, "seen": visited_at}}


def _sealed(text: str) -> str:
    """Return the sealed part of a body's text, without the name of its head."""
    return text.rpartition(".")[2]


def _named(head: State, sealed: str) -> str:
    return f"{name_of_body(head['internal']['body_key'])}.{sealed}"


def _body_sealer(head: State) -> Sealer:
    return Sealer([head["internal"]["body_key"]], "body")
