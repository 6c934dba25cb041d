"""The commands ``flask auth0 …``, for the developer and the operator."""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from flask.cli import AppGroup
from flask_session.base import ServerSideSessionInterface

from .app_state import current_state
from .errors import ConfigurationError, SessionStoreUnavailable
from .runtime.request import current_request
from .sessions.directory import SessionInfo, Sessions
from .sessions.server.interface import StoredSessionInterface
from .sessions.stores.base import BackEnd
from .tenant.command import tenant

auth0: AppGroup = AppGroup(
    "auth0", help="Auth0 in this app, and a tenant for development."
)
sessions: AppGroup = AppGroup("sessions", help="The sessions that the server keeps.")
auth0.add_command(sessions)
auth0.add_command(tenant)


_at_domain = click.option(
    "--domain", help="The tenant's domain, if the app has several."
)


@sessions.command("list")
@click.argument("sub")
@_at_domain
def list_(sub: str, domain: str | None) -> None:
    """List the sessions of a user, by their id at the tenant."""
    with _clear_errors():
        found = _sessions().of(sub, domain=domain)
    for each in found:
        click.echo(_line(each))
    if not found:
        click.echo("This user has no session.", err=True)


# One ID in 64 begins with a dash.
@sessions.command("revoke", context_settings={"ignore_unknown_options": True})
@click.argument("name", metavar="ID")
@click.option("--all", "is_user", is_flag=True, help="End all sessions of the user ID.")
@_at_domain
def revoke(name: str, is_user: bool, domain: str | None) -> None:
    """End a session, by its id in the list."""
    with _clear_errors():
        known = _sessions()
        ended = known.revoke_all(name, domain=domain) if is_user else known.revoke(name)
    if not ended and not is_user:
        raise click.ClickException("There is no such session.")
    click.echo(f"Ended {int(ended)} session{'' if ended == 1 else 's'}.")


@sessions.command("prune")
def prune() -> None:
    """Remove sessions that have expired, where the back end does not do it itself."""
    interface: t.Any = current_app.session_interface
    if not isinstance(interface, ServerSideSessionInterface):
        raise click.ClickException("The sessions are in cookies: set SESSION_TYPE.")
    if not isinstance(interface, StoredSessionInterface):
        interface._delete_expired_sessions()
        click.echo("Expired sessions are removed, as far as Flask-Session does it.")
        return
    with _clear_errors():
        removed = _prune(interface.back_end)
    if removed is None:
        click.echo("This back end removes expired sessions itself.")
    else:
        click.echo(f"Removed {removed} expired sessions and records.")


def _sessions() -> Sessions:
    return Sessions(lambda: current_state().state_store.listing(current_request()))


def _prune(back_end: BackEnd) -> int | None:
    """Remove expired sessions part by part; a terminal shows the progress."""
    removed, rest = 0, None
    while (pruned := back_end.ask(back_end.prune, rest)) is not None:
        removed, rest = removed + pruned.removed, pruned.rest
        if rest is None:
            return removed
        if sys.stderr.isatty():
            click.echo(f"\rRemoved {removed} …", nl=False, err=True)
    return None


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except (ConfigurationError, SessionStoreUnavailable) as error:
        raise click.ClickException(str(error.description)) from error


def _line(session: SessionInfo) -> str:
    """Return a line of the list, without control characters that a browser has sent."""
    times = [f"{at:%Y-%m-%d %H:%M}" for at in (session.created, session.last_seen)]
    told = [session.address or "-", session.user_agent or "-"]
    return "".join(filter(str.isprintable, "  ".join([session.id, *times, *told])))
