"""How far each place of sessions goes: what they take, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable

from . import capacity, commands, postgresql, shapes, slots, weights
from .lab import Lab
from .places import Place, running_places
from .report import Table


def measure(lab: Lab) -> list[Table]:
    """Count commands, weigh sessions, and let PostgreSQL's tables grow."""
    shape = shapes.shape_of_login(f"{lab.redis_url}/8")
    with running_places(lab.redis_url, lab.folder) as places:
        asked = commands.count(lab, places)
        weighed = weights.weigh(lab, places, shape)
        rows = [t for each in _relational(places) for t in postgresql.tables(lab, each)]
    return [
        *capacity.tables(weighed),
        weights.table(weighed),
        commands.table(asked),
        commands.waits(asked),
        *map(commands.detailed, asked),
        *(commands.billed(each) for each in asked if each.place.units),
        slots.table(shape),
        *rows,
    ]


def _relational(places: Iterable[Place]) -> list[Place]:
    return [each for each in places if each.title == "PostgreSQL"]
