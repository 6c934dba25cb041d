"""An outage of the sessions' back end, as one request knows it."""

from __future__ import annotations


class Outage:
    """The failures of the back end in one request, and whether the app knows."""

    #: Whether the back end has failed; then the request asks nothing more of it.
    happened: bool = False
    #: Whether the app has been told of the outage, by an error.
    is_told: bool = False
    #: Seconds that the request has waited for the back end.
    spent: float = 0.0
