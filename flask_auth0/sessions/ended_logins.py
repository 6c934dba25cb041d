"""Checks that logins are not over, for every session interface that an app can have."""

from __future__ import annotations

import contextlib
import typing as t

from flask import Flask, request_started

from ..errors import SessionStoreUnavailable
from ..runtime.request import CurrentRequest, current_request
from .cookies.signed import SignedSessionInterface
from .lazy import Watch
from .server.interface import StoredSessionInterface
from .storage_contract import KEY


def watch_sessions(app: Flask, watch: Watch) -> None:
    """Let no session outlive its login.

    With an interface of ours, a session is checked at its first use; with any other
    one, in each request.

    :param watch: empties a session whose login is over.
    """
    interface = app.session_interface
    if isinstance(interface, StoredSessionInterface | SignedSessionInterface):
        interface.watch = watch

    def look(sender: Flask, **more: t.Any) -> None:
        if getattr(sender.session_interface, "watch", None) is None:
            # A page that needs no session is shown during an outage, too.
            with contextlib.suppress(SessionStoreUnavailable):
                _look(current_request(), watch)

    request_started.connect(look, app, weak=False)


def _look(current: CurrentRequest, watch: Watch) -> None:
    found = current.session.get(KEY)
    if found is not None:
        watch(current, current.session, found)
