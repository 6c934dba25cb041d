"""The session interfaces of an app, by the place of its sessions."""

from __future__ import annotations

from flask import Flask

from flask_auth0.sessions.server.interface import StoredSessionInterface


def interface_of(app: Flask) -> StoredSessionInterface:
    interface = app.session_interface
    assert isinstance(interface, StoredSessionInterface)
    return interface
