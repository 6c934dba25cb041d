"""Looks whether logins are over, for all session interfaces that an app can have."""

from __future__ import annotations

import contextlib

from auth0_server_python.store import StateStore
from flask import Flask, request_started

from ..app_state import state_of
from ..errors import SessionStoreUnavailable
from ..runtime.contexts import this_app, this_session
from .cookies.signed import SignedSessionInterface
from .server.interface import StoreInterface
from .state_store import SessionStateStore


def watch_sessions(app: Flask, store: StateStore) -> None:
    """Let no session outlive its login.

    Where the interface is ours, a session is looked at when it is first asked for
    anything; where it is not, with each request.
    """
    if not isinstance(store, SessionStateStore):
        return
    interface = app.session_interface
    if isinstance(interface, StoreInterface | SignedSessionInterface):
        interface.watch = store.empty_if_over
    request_started.connect(_look, app)


def settle(store: StateStore) -> None:
    """Take back what a response would bring of a session that has ended since."""
    if isinstance(store, SessionStateStore):
        store.settle()


def _look(app: Flask, **more: object) -> None:
    interface = this_app().session_interface
    if getattr(interface, "watch", None) is not None:
        return
    store = state_of(app).state_store
    if isinstance(store, SessionStateStore):
        # A page that does not need to know is not held up.
        with contextlib.suppress(SessionStoreUnavailable):
            store.empty_if_over(this_session())
