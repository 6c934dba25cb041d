"""An app that calls Flask-Session itself, for what the extension does better."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from flask_session.base import ServerSideSessionInterface

from ..config import Problem, warning
from ..sessions.stores import KINDS

#: The back ends to which Flask-Session's classes connect only with a client.
_WITHOUT_URL = {"redis", "memcached", "mongodb"}


def own_sessions(app: Flask) -> Iterator[Problem]:
    """Find ``Session(app)``, where ``SESSION_TYPE`` alone would do.

    A class of the app's own, or a type that is none here, is left as it is.
    """
    interface, kind = app.session_interface, str(app.config.get("SESSION_TYPE")).lower()
    is_theirs = type(interface).__module__.startswith("flask_session.")
    if (
        isinstance(interface, ServerSideSessionInterface)
        and is_theirs
        and kind in KINDS
    ):
        key = f"SESSION_{kind.upper()}"
        is_ignored = kind in _WITHOUT_URL and isinstance(app.config.get(key), str)
        ignored = f", and {key} has no effect, as it is a URL" if is_ignored else ""
        yield warning(
            "SESSION_TYPE",
            "is read by Session(app) of Flask-Session, which this app calls itself. "
            f"When the back end is down, the answer is 500{ignored}. Remove that call: "
            "Auth0(app) sets up the same, and more",
            "own_flask_session",
        )
