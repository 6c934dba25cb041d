"""What a session takes where it is kept."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable

from flask_auth0.sessions.server.storage import back_end_of

from . import filling, ours, shapes
from .lab import Lab
from .places import Place
from .report import Table
from .shapes import Shape


class Weight(t.NamedTuple):
    """The bytes of a session."""

    place: Place
    #: How many were weighed.
    sessions: int
    #: Of its values.
    values: float
    #: Of its labels, by which a logout from outside finds it.
    labels: float

    @property
    def all(self) -> float:
        """With the index."""
        return self.values + self.labels


def weigh(lab: Lab, places: Iterable[Place], shape: Shape) -> list[Weight]:
    """Put sessions into each place, then their labels, and ask it what they take."""
    return [_weighed(lab, each, shape, each.used) for each in places if each.used]


def table(weights: Iterable[Weight]) -> Table:
    """Return what sessions take."""
    headings = ["Store", "Sessions", "Bytes of one", "of these the index", "Counted"]
    rows = [
        [
            each.place.name,
            f"{each.sessions:,}",
            f"{each.all:,.0f}",
            f"{each.labels:,.0f}",
            each.place.scales,
        ]
        for each in weights
    ]
    return Table("What a session takes on the server", headings, rows)


def _weighed(lab: Lab, place: Place, shape: Shape, used: Callable[[], float]) -> Weight:
    count = int(getattr(lab.size, place.amount))
    store = back_end_of(ours.ours_at(place.settings).session_interface)
    assert store is not None  # noqa: S101  # all places are servers
    before = used()
    filling.write(store, map(shapes.without_labels, shapes.sessions(shape, count)))
    values = used()
    filling.write(store, map(shapes.labels_alone, shapes.sessions(shape, count)))
    labels = used()
    return Weight(place, count, (values - before) / count, (labels - values) / count)
