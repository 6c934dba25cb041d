"""What the current request knows of an outage of its back end, and has told the app."""

from __future__ import annotations

from flask import has_request_context, session

from ...runtime.per_request import if_made, per_request
from ..stores.limits import Outage
from .lazy import LazySession


def current_outage() -> Outage:
    """Return what is known, which is nothing outside of a request."""
    return per_request(Outage) if has_request_context() else Outage()


def is_outage_told() -> bool:
    """Tell whether the app has heard, in the current request, of a failure."""
    outage = if_made(Outage) if has_request_context() else None
    return outage is not None and outage.is_told


def tell_of_outage() -> None:
    """Note that the app hears of a failure in the current request."""
    per_request(Outage).is_told = True


def overlook_outage() -> None:
    """Let the app hear of a failure when it asks for the session itself."""
    per_request(Outage).is_told = False
    if isinstance(session, LazySession):
        session.rewind()
