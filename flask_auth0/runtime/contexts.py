"""The app, the request and the session themselves.

Flask's proxies look for them with every attribute, which is most of what a short
function costs.
"""

from __future__ import annotations

from flask import Flask, Request, current_app, request, session
from flask.sessions import SessionMixin


def this_app() -> Flask:
    """Return the current app, which is the sender of signals, too."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def this_request() -> Request:
    """Return the current request."""
    current: Request = request._get_current_object()  # type: ignore[attr-defined]
    return current


def this_session() -> SessionMixin:
    """Return the session of the current request, which counts as accessed then."""
    current: SessionMixin = session._get_current_object()  # type: ignore[attr-defined]
    return current
