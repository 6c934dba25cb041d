"""The commands ``flask auth0 sessions …`` for the operator."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from flask_session.base import ServerSideSessionInterface

from ..errors import SessionStoreUnavailable
from .interface import StoreInterface

sessions = AppGroup("sessions", help="The sessions that the server keeps.")


@sessions.command("prune")
def prune() -> None:
    """Remove sessions that have expired, where the back end does not do it itself."""
    interface = current_app.session_interface
    if not isinstance(interface, ServerSideSessionInterface):
        raise click.ClickException("The sessions are in cookies: set SESSION_TYPE.")
    if not isinstance(interface, StoreInterface):
        interface._delete_expired_sessions()
        click.echo("Expired sessions are removed, as far as Flask-Session does it.")
        return
    try:
        removed = interface.prune()
    except interface.failures as error:
        raise click.ClickException(SessionStoreUnavailable.description) from error
    if removed is None:
        click.echo("This back end removes expired sessions itself.")
    else:
        click.echo(f"Removed {removed} expired sessions and records.")
