"""Checks that logins are not over, for every session interface that an app can have."""

from __future__ import annotations

import contextlib

from flask import Flask

from ..errors import SessionStoreUnavailable
from ..runtime.request import CurrentRequest
from .cookies.signed import SignedSessionInterface
from .lazy import Watch
from .server.interface import StoredSessionInterface
from .storage_contract import KEY


def watch_sessions(app: Flask, watch: Watch) -> None:
    """Let no session of ours outlive its login: it is checked at its first use.

    :param watch: empties a session whose login is over.
    """
    interface = app.session_interface
    if isinstance(interface, StoredSessionInterface | SignedSessionInterface):
        interface.watch = watch


def look_at_session(current: CurrentRequest, watch: Watch) -> None:
    """Check the session of a request whose interface does not: the app's own.

    :param watch: empties a session whose login is over.
    """
    if getattr(current.app.session_interface, "watch", None) is not None:
        return
    # A page that needs no session is shown during an outage, too.
    with contextlib.suppress(SessionStoreUnavailable):
        found = current.session.get(KEY)
        if found is not None:
            watch(current, current.session, found)
