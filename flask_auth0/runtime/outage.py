"""An outage of the back end of sessions, as one request knows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Outage:
    """The failures of the back end in one request, and whether the app knows."""

    #: Whether it has failed; then nothing more is asked of it in this request.
    happened: bool = False
    #: Whether the app has heard of it.
    is_told: bool = False
    #: Seconds that it has been waited for.
    spent: float = 0.0
