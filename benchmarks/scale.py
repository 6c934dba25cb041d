"""How far each place of sessions goes: what they take, and what is asked of it."""

from __future__ import annotations

from . import capacity, commands, shapes, weights
from .lab import Lab
from .places import running_places
from .report import Table


def measure(lab: Lab) -> list[Table]:
    """Count commands, and weigh sessions."""
    shape = shapes.shape_of_login(f"{lab.redis_url}/8")
    with running_places(lab.redis_url, lab.folder) as places:
        asked = commands.count(lab, places)
        weighed = weights.weigh(lab, places, shape)
    return [
        *capacity.tables(weighed),
        weights.table(weighed),
        commands.table(asked),
        *map(commands.detailed, asked),
        *(commands.billed(each) for each in asked if each.place.units),
    ]
