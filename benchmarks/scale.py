"""How far each place of sessions goes: what they take, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable

from . import (
    busy,
    capacity,
    chunks,
    commands,
    notes,
    postgresql,
    shapes,
    slots,
    weights,
)
from .lab import Lab
from .places import Place, running_places
from .report import Table


def measure(lab: Lab) -> list[Table]:
    """Count commands, weigh sessions, and let PostgreSQL's tables grow."""
    url = f"{lab.redis_url}/8"
    shape = shapes.shape_of_login(url, AUTH0_AUDIENCE=shapes.API)
    with running_places(lab.redis_url, lab.folder) as places:
        asked = commands.count(lab, places)
        weighed = weights.weigh(lab, places, shape)
        slabs = chunks.tables(places, lab.size.one_by_one)
        rows = [t for each in _relational(places) for t in postgresql.tables(lab, each)]
    return [
        *capacity.tables(weighed),
        shapes.table(url),
        weights.table(weighed),
        commands.table(asked),
        commands.waits(asked),
        busy.table(lab),
        *map(commands.detailed, asked),
        *(commands.billed(each) for each in asked if each.place.units),
        slots.table(shape),
        *slabs,
        *rows,
        notes.table(lab),
    ]


def _relational(places: Iterable[Place]) -> list[Place]:
    return [each for each in places if each.title == "PostgreSQL"]
