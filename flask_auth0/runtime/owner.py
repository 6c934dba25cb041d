"""Refers to the request that has an object, without having the request in turn.

If each held the other one, both would stay until the collector of garbage comes, with
all that the request has.
"""

from __future__ import annotations

import typing as t
import weakref

from flask import Request

if t.TYPE_CHECKING:
    Owner = weakref.ref[Request]
else:
    # A class with its parameter takes several times as long to be called.
    Owner = weakref.ref


def gone() -> t.NoReturn:
    """Raise the error of who asks for a request that nobody has any more.

    :raises RuntimeError: always.
    """
    raise RuntimeError("The request is over, and nobody has it any more.")
