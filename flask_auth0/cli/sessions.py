"""``flask auth0 sessions``: lists, ends and removes the sessions on the server."""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import click
from flask import current_app
from flask_session.base import ServerSideSessionInterface

from ..app_state import current_state
from ..errors import ConfigurationError, SessionStoreUnavailable
from ..runtime.request import current_request
from ..sessions.directory import SessionInfo, Sessions
from ..sessions.server.interface import StoredSessionInterface
from ..sessions.stores.base import BackEnd
from .loading import with_app
from .output import as_json, echo_json, table

_HEADER = ("ID", "CREATED (UTC)", "LAST SEEN (UTC)", "ADDRESS", "BROWSER")


@click.group("sessions")
def sessions() -> None:
    """The sessions that the server keeps."""


_at_domain = click.option(
    "--domain", help="The tenant's domain, if the app has several."
)


@sessions.command("list")
@click.argument("sub")
@_at_domain
@as_json
@with_app
def list_(sub: str, domain: str | None, is_json: bool) -> None:
    """List the sessions of a user, by their id at the tenant."""
    with _clear_errors():
        found = _sessions().of(sub, domain=domain)
    if is_json:
        echo_json(list(map(_members, found)))
    elif found:
        click.echo("\n".join(table(_HEADER, map(_row, found))))
    else:
        click.echo("This user has no session.", err=True)


# One ID in 64 begins with a dash.
@sessions.command("revoke", context_settings={"ignore_unknown_options": True})
@click.argument("name", metavar="ID")
@click.option("--all", "is_user", is_flag=True, help="End all sessions of the user ID.")
@_at_domain
@as_json
@with_app
def revoke(name: str, is_user: bool, domain: str | None, is_json: bool) -> None:
    """End a session, by its id in the list."""
    with _clear_errors():
        known = _sessions()
        ended = known.revoke_all(name, domain=domain) if is_user else known.revoke(name)
    if not ended and not is_user:
        raise click.ClickException("There is no such session.")
    if is_json:
        echo_json({"ended": int(ended)})
    else:
        click.echo(f"Ended {int(ended)} session{'' if ended == 1 else 's'}.")


@sessions.command("prune")
@as_json
@with_app
def prune(is_json: bool) -> None:
    """Remove sessions that have expired, where the back end does not do it itself."""
    interface: t.Any = current_app.session_interface
    if not isinstance(interface, ServerSideSessionInterface):
        raise click.ClickException("The sessions are in cookies: set SESSION_TYPE.")
    removed: int | None = None
    if not isinstance(interface, StoredSessionInterface):
        interface._delete_expired_sessions()
        told = "Expired sessions are removed, as far as Flask-Session does it."
    else:
        with _clear_errors():
            removed = _prune(interface.back_end)
        told = f"Removed {removed} expired sessions and records."
        if removed is None:
            told = "This back end removes expired sessions itself."
    echo_json({"removed": removed}) if is_json else click.echo(told)


def _sessions() -> Sessions:
    return Sessions(lambda: current_state().state_store.listing(current_request()))


def _prune(back_end: BackEnd) -> int | None:
    """Remove expired sessions part by part; a terminal shows the progress."""
    removed, rest = 0, None
    is_seen = sys.stderr.isatty()
    while (pruned := back_end.ask(back_end.prune, rest)) is not None:
        removed, rest = removed + pruned.removed, pruned.rest
        if is_seen:
            end = "\n" if rest is None else ""
            click.echo(f"\rRemoved {removed} …{end}", nl=False, err=True)
        if rest is None:
            return removed
    return None


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except (ConfigurationError, SessionStoreUnavailable) as error:
        raise click.ClickException(error.remedy or str(error.description)) from error


def _row(session: SessionInfo) -> Sequence[str]:
    times = [f"{at:%Y-%m-%d %H:%M}" for at in (session.created, session.last_seen)]
    told = [session.address or "-", session.user_agent or "-"]
    return [session.id, *times, *told]


def _members(session: SessionInfo) -> dict[str, t.Any]:
    """Return the members of a session in JSON; no session is this command's own."""
    times = {
        "created": session.created.isoformat(timespec="seconds"),
        "last_seen": session.last_seen.isoformat(timespec="seconds"),
    }
    found = {**asdict(session), **times}
    del found["is_current"]
    return found
