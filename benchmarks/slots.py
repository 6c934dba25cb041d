"""Where a cluster of Redis keeps the keys of a session."""

from __future__ import annotations

import statistics

from redis.crc import key_slot

from .filling import Written
from .report import Table
from .shapes import Shape, sessions

_SLOTS = 16384
#: Masters of a cluster.
_MASTERS = (3, 6, 12, 30)
#: Sessions whose keys are looked at.
_MANY = 2000


def table(shape: Shape) -> Table:
    """Reckon on which masters the keys of some sessions are."""
    slots = [_slots(each) for each in sessions(shape, _MANY)]
    rows = [
        [
            str(masters),
            f"{statistics.mean(_spread(each, masters) for each in slots):.1f}",
            f"{statistics.mean(_spread(each[:2], masters) > 1 for each in slots):.0%}",
        ]
        for masters in _MASTERS
    ]
    headings = ["Masters", "have keys of one session", "Pages that ask two of them"]
    return Table("The keys of a session in a cluster", headings, rows)


def _slots(session: Written) -> list[int]:
    """Return the slots of the app's own session, of the user, and of the others."""
    keys = [*session.values, *session.labelling.labels]
    return [key_slot(key.encode()) for key in keys]


def _spread(slots: list[int], masters: int) -> int:
    return len({slot * masters // _SLOTS for slot in slots})
