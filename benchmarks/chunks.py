"""The chunks of memory that Memcached has for the values of sessions."""

from __future__ import annotations

from collections.abc import Iterable

from pymemcache.client.base import Client

from .places import Place
from .places.memcached import slabs
from .report import Table

#: Values of less than one session in ten are not those of sessions.
_FEW = 0.1


def tables(places: Iterable[Place], sessions: int) -> list[Table]:
    """Return which chunks so many sessions have, if there is a Memcached."""
    found = [each for each in places if each.title == "Memcached"]
    return [_table(each, sessions) for each in found]


def _table(place: Place, sessions: int) -> Table:
    host, port = place.settings["SESSION_MEMCACHED"].split(":")
    client = Client((host, int(port)))
    rows = [
        [f"{size:,}", f"{number / sessions:.1f}"]
        for size, number in slabs(client).values()
        if number / sessions >= _FEW
    ]
    client.close()
    return Table("Chunks in Memcached", ["Bytes of a chunk", "of one session"], rows)
