"""Looks whether logins are over, for all session interfaces that an app can have."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable

from flask import Flask, request_started
from flask.sessions import SessionMixin

from ..errors import SessionStoreUnavailable
from ..runtime.request import CurrentRequest, current_request, this_session
from .cookies.signed import SignedSessionInterface
from .server.interface import StoredSessionInterface


def watch_sessions(
    app: Flask, watch: Callable[[CurrentRequest, SessionMixin], None]
) -> None:
    """Let no session outlive its login.

    Where the interface is ours, a session is looked at when it is first asked for
    anything; where it is not, with each request.

    :param watch: empties a session whose login is over.
    """
    interface = app.session_interface
    if isinstance(interface, StoredSessionInterface | SignedSessionInterface):
        interface.watch = watch

    def look(sender: Flask, **more: t.Any) -> None:
        if getattr(sender.session_interface, "watch", None) is None:
            # A page that does not need to know is not held up.
            with contextlib.suppress(SessionStoreUnavailable):
                watch(current_request(), this_session())

    request_started.connect(look, app, weak=False)
