"""MongoDB's imitation, in which several may delete a document, as on a server.

mongomock finds documents and then deletes each, and raises a KeyError for one that
another thread has deleted meanwhile.
"""

from __future__ import annotations

import functools
import threading
import typing as t

import mongomock
from mongomock.collection import Collection

_turn = threading.RLock()


def _in_turn(delete: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(delete)
    def in_turn(*args: t.Any, **options: t.Any) -> t.Any:
        with _turn:
            return delete(*args, **options)

    return in_turn


for _name in ("delete_one", "delete_many"):
    setattr(Collection, _name, _in_turn(getattr(Collection, _name)))


def imitated_client() -> t.Any:
    """Return a client of a server of its own."""
    return mongomock.MongoClient()
