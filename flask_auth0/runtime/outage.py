"""What a request knows of an outage of its back end, and has told the app."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Outage:
    """What is known about the back end of sessions."""

    #: Whether it has failed; then nothing more is asked of it in this request.
    happened: bool = False
    #: Whether the app has heard of it.
    is_told: bool = False
    #: Seconds that it has been waited for.
    spent: float = 0.0
